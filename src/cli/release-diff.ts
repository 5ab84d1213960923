import type { Command } from "commander";
import type { Difference } from "../model/difference.ts";
import type { ReleaseDifference } from "../model/release-report.ts";
import { reading, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import type { Paint, Tone } from "./style.ts";

const HELP = `
Of configuration and environments every value that may be a secret is shown as ***.

Examples:
  rollwatch release diff rel-1
  rollwatch release diff rel-1 rel-2`;

const MARKS: Readonly<
  Record<Difference["change"], { readonly mark: string; readonly tone: Tone }>
> = {
  added: { mark: "+", tone: "good" },
  removed: { mark: "-", tone: "bad" },
  changed: { mark: "~", tone: "doubtful" },
};

/** `rollwatch release diff`: what differs from a release to another one, or to what is deployed. */
export function addDiff(group: Command, context: CommandContext): void {
  group
    .command("diff")
    .description("what differs from a captured release to another, or to what is deployed")
    .argument("<from>", "a release")
    .argument("[to]", "another one", "deployed")
    .addHelpText("after", HELP)
    .action(async (from: string, to: string, _options: unknown, command: Command) => {
      const difference = await reading(context, command, async (operations) =>
        operations.diffReleases(from, to, context.signal),
      );
      tell(context, command, { json: difference, text: describe(difference, context.paint) });
    });
}

/** Differences as lines, each begun by what happened to it. */
export function showDifferences(paint: Paint, changes: readonly Difference[]): readonly string[] {
  return changes.map(({ name, change, detail }) => {
    const { mark, tone } = MARKS[change];
    return `  ${paint(tone, mark)} ${name}${detail === "" ? "" : `  ${paint("quiet", detail)}`}`;
  });
}

function describe(
  { from, to, changes, artifacts, more, schema }: ReleaseDifference,
  paint: Paint,
): string {
  const counts = artifacts
    .filter((one) => one.added + one.removed + one.changed > 0)
    .map(
      ({ path, added, removed, changed }) =>
        `  ${path}: ${added} files added, ${removed} removed, ${changed} changed`,
    );
  const lines = [
    paint("title", `from ${from} to ${to}`),
    ...SECTIONS.flatMap(({ title, kinds }) => {
      const found = changes.filter((one) => kinds.includes(one.kind));
      const isFiles = kinds.includes("file");
      return found.length === 0
        ? []
        : [title, ...(isFiles ? counts : []), ...showDifferences(paint, found)];
    }),
    ...(more > 0 ? [`  and ${more} more files`] : []),
    ...(changes.length === 0 ? ["nothing differs"] : []),
    ...describeSchema(schema, paint),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const SECTIONS: readonly {
  readonly title: string;
  readonly kinds: readonly Difference["kind"][];
}[] = [
  { title: "identity", kinds: ["identity", "interpreter"] },
  { title: "artefacts", kinds: ["file", "native-module"] },
  { title: "packages", kinds: ["package"] },
  { title: "configuration", kinds: ["configuration"] },
  { title: "pm2", kinds: ["definition"] },
];

/** Whether the first one's code runs on the second one's schema. */
function describeSchema(schema: ReleaseDifference["schema"], paint: Paint): readonly string[] {
  if (schema === null) {
    return [];
  }
  if (schema.kind === "unknown") {
    return ["schema", `  ${paint("doubtful", "unknown")}: ${schema.reason}`];
  }
  const { verdict, differences, undo } = schema;
  return [
    "schema",
    `  ${paint(verdict === "breaking" ? "bad" : "good", verdict)}`,
    ...differences.map(
      ({ kind, name, change, reason }) => `  ${MARKS[change].mark} ${kind} ${name}  ${reason}`,
    ),
    ...undo.map(
      ({ statement, loses }) =>
        `  taken away by: ${statement}${loses === null ? "" : ` (loses ${loses})`}`,
    ),
  ];
}
