import { type Command, Option } from "commander";
import { assertNever } from "../model/assert-never.ts";
import type { ConsumedFolder, DatabaseDelta, TableDelta } from "../model/database-delta.ts";
import type { LossReport, TableProgress } from "../model/database-rows.ts";
import { tellTime } from "../model/units.ts";
import { tell } from "./act.ts";
import { type CommandContext, openConfig, wantsJson } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { EXIT } from "./ports.ts";
import { type Paint, table } from "./style.ts";

/** Files that a terminal shows of each folder; `--json` and exports have more. */
const SHOWN_FILES = 20;

interface DeltaOptions {
  readonly kept?: string;
  readonly export?: string | true;
  readonly estimate?: boolean;
  readonly to?: string;
}

/** `rollwatch database delta`: the rows that only the replaced database has, or that a swap would lose. */
export function addDatabaseDelta(group: Command, context: CommandContext): void {
  group
    .command("delta")
    .description(
      "what differs between the database that a swap has kept and the live one, row by row; changes nothing",
    )
    .option("--kept <database>", "the kept database; without it the newest one")
    .option(
      "--export [folder]",
      "write the rows as JSON lines into a new folder; without a name in the state folder, where they expire",
    )
    .addOption(
      new Option(
        "--estimate",
        "before a swap: the rows that going back would lose, in seconds",
      ).conflicts(["kept", "export"]),
    )
    .option(
      "--to <release>",
      "with --estimate: back to this release's snapshot; else to the newest",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  rollwatch database delta --estimate\n  rollwatch database delta --export",
    )
    .action(async (options: DeltaOptions, command: Command) => {
      if (options.to !== undefined && options.estimate !== true) {
        throw new UsageFailure("--to goes with --estimate", "see the command's --help");
      }
      const config = await openConfig(context, command, "command");
      const rows = await context.ports.openDatabaseRows(config);
      if (options.estimate === true) {
        const report = await rows.estimate(options.to, context.signal);
        tell(context, command, { json: report, text: describeLoss(report, context.paint) });
        return;
      }
      const onTable = wantsJson(command) ? {} : { onTable: progressOn(context) };
      const request = { kept: options.kept, export: options.export ?? false, ...onTable };
      const delta = await rows.delta(request, context.signal);
      tell(context, command, { json: delta, text: describeDelta(delta, context.paint) });
      context.finish(
        delta.tables.some(({ problem }) => problem !== null) ? EXIT.failed : EXIT.done,
      );
    });
}

/** On a terminal alone. */
export function progressOn({ ports }: CommandContext): (progress: TableProgress) => void {
  return (progress) => {
    if (ports.isTerminal) {
      ports.err(`${progress.number} of ${progress.of}: ${progress.table}\n`);
    }
  };
}

/** What going back would lose, for people. */
function describeLoss(
  { release, warm, at, tables, consumed = [] }: LossReport,
  paint: Paint,
): string {
  const rows = tables.map((one) => [
    one.table,
    one.rows === "unknown" ? ({ text: "unknown", tone: "doubtful" } as const) : `about ${one.rows}`,
    one.why,
  ]);
  const head = paint("title", `going back to ${warm} (${release}, ${tellTime(at)}) would lose`);
  const text = rows.length === 0 ? "nothing\n" : table(paint, rows);
  return `${head}\n${text}${describeConsumed(consumed, paint)}`;
}

function describeDelta({ kept, live, ...delta }: DatabaseDelta, paint: Paint): string {
  const differing = delta.tables.filter(
    (one) => one.problem !== null || one.inserted + one.updated + one.deleted + one.newer > 0,
  );
  const rows = differing.map((one) => [one.table, describeTable(one)]);
  const exported = delta.folder === null ? "" : `the rows are in ${delta.folder}\n`;
  const equal = delta.tables.length - differing.length;
  return [
    `${paint("title", `${kept} against ${live}, ${delta.seconds.toFixed(1)} s`)}\n`,
    table(paint, rows),
    `${equal} of ${delta.tables.length} tables are equal\n`,
    exported,
    describeConsumed(delta.consumed ?? [], paint),
  ].join("");
}

/** Nothing imports these again by itself. */
function describeConsumed(consumed: readonly ConsumedFolder[], paint: Paint): string {
  return consumed
    .map(({ services, folder, files, more, problem }) => {
      const eaters = services.join(", ");
      if (problem !== null) {
        return `${paint("bad", "not looked through")}: ${folder}, of ${eaters}: ${problem}\n`;
      }
      const shown = files.slice(0, SHOWN_FILES);
      const left = files.length + more - shown.length;
      const rows = shown.map(({ path, bytes, at }) => [plain(path), `${bytes} B`, tellTime(at)]);
      return `${files.length + more} files in ${folder} since, consumed by ${eaters}\n${table(paint, rows)}${left > 0 ? `  and ${left} more\n` : ""}`;
    })
    .join("");
}

/** A file's name may hold what a terminal obeys. */
function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, "?");
}

function describeTable(one: TableDelta): string | { readonly text: string; readonly tone: "bad" } {
  if (one.problem !== null) {
    return { text: `not compared: ${one.problem}`, tone: "bad" };
  }
  switch (one.by) {
    case "kept-only":
      return `only in the kept database: ${one.inserted} rows`;
    case "live-only":
      return `only in the live database: ${one.deleted} rows`;
    case "key":
    case "rows": {
      const newer = one.newer === 0 ? [] : [`${one.newer} written since the swap`];
      const counts = [
        `${one.inserted} only in the kept database`,
        `${one.updated} changed`,
        `${one.deleted} only in the live one`,
        ...newer,
      ];
      return [counts.join(", "), ...one.notes].join("; ");
    }
    default:
      return assertNever(one.by);
  }
}
