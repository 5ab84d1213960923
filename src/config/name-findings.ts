import { nearest } from "./nearest.ts";
import type { Finding, KeyPath } from "./problem.ts";

/** Names that occur a second time. */
export function duplicates(
  names: readonly string[],
  pathOf: (index: number) => KeyPath,
): Finding[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: pathOf(index),
            expected: "each name once",
            found: `"${name}" again`,
            hint: "give it another name or remove it",
          },
        ],
  );
}

/** A name that none of the known ones is. */
export function notOneOf(
  path: KeyPath,
  name: string,
  known: readonly string[],
  expected: string,
): Finding {
  const meant = nearest(name, known);
  const hint = meant === undefined ? `known: ${known.join(", ")}` : `did you mean "${meant}"?`;
  return { path, expected, found: `"${name}"`, hint };
}
