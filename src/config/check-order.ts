import type { ApplicationSettings } from "../model/application.ts";
import { nearest } from "./nearest.ts";
import type { Finding, KeyPath } from "./problem.ts";

/** The kinds of configuration that every application may have; a word like one of them is a slip. */
const USUAL_KINDS = ["environment", "database", "monitoring"] as const;

/** Services that wait for what is not there or starts later, and kinds of configuration that nobody means. */
export function checkOrder({ services, configFiles }: ApplicationSettings): readonly Finding[] {
  const names = services.map((service) => service.name);
  const kinds = Object.keys(configFiles);
  return [
    ...services.flatMap(({ after, reads = [] }, index) => [
      ...after.flatMap((name, place) =>
        misplaced(name, { names, index, path: ["application", "services", index, "after", place] }),
      ),
      ...reads.flatMap((kind, place) =>
        kinds.includes(kind)
          ? []
          : [unknown(["application", "services", index, "reads", place], kind, kinds)],
      ),
    ]),
    ...kinds.flatMap((kind) => slip(kind)),
  ];
}

interface Placed {
  readonly names: readonly string[];
  /** Where the service that waits stands. */
  readonly index: number;
  readonly path: KeyPath;
}

function misplaced(name: string, { names, index, path }: Placed): readonly Finding[] {
  const place = names.indexOf(name);
  if (place === -1) {
    return [unknown(path, name, names)];
  }
  const hint = `the order of the list is the order of starting: put ${name} before ${names[index] ?? "it"}`;
  return place < index
    ? []
    : [{ path, expected: "a service that stands earlier in the list", found: `"${name}"`, hint }];
}

function unknown(path: KeyPath, name: string, known: readonly string[]): Finding {
  const meant = nearest(name, known);
  const hint = meant === undefined ? `known: ${known.join(", ")}` : `did you mean "${meant}"?`;
  return { path, expected: "one of this file", found: `"${name}"`, hint };
}

function slip(kind: string): readonly Finding[] {
  const meant = nearest(kind, USUAL_KINDS);
  return meant === undefined || meant === kind
    ? []
    : [
        {
          path: ["application", "configFiles", kind],
          expected: "a kind that is no slip of another",
          found: `"${kind}"`,
          hint: `did you mean "${meant}"?`,
          atKey: true,
        },
      ];
}
