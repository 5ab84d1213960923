import type { Command } from "commander";
import type { Reapplied } from "../model/database-delta.ts";
import { tell } from "./act.ts";
import { type CommandContext, openConfig } from "./context.ts";
import { EXIT } from "./ports.ts";
import { type Paint, table } from "./style.ts";

interface ReapplyOptions {
  readonly table: readonly string[];
  readonly kept?: string;
  readonly dryRun?: boolean;
}

/** `rollwatch database reapply`: rows of the replaced database back into the live one; never by itself. */
export function addDatabaseReapply(group: Command, context: CommandContext): void {
  group
    .command("reapply")
    .description(
      "bring rows that only the kept database has back into tables that only get new rows (database.rollback.appendOnly)",
    )
    .requiredOption("--table <tables...>", "with their schemas, such as public.readings")
    .option("--kept <database>", "the kept database; without it the newest one")
    .option("--dry-run", "try all of it, and take it back")
    .addHelpText(
      "after",
      "\nExample:\n  rollwatch database reapply --table public.readings public.alerts --dry-run",
    )
    .action(async (options: ReapplyOptions, command: Command) => {
      const config = await openConfig(context, command, "command");
      const rows = await context.ports.openDatabaseRows(config);
      const isDryRun = options.dryRun === true;
      const request = { kept: options.kept, tables: options.table, isDryRun };
      const reapplied = await rows.reapply(request, context.signal);
      tell(context, command, {
        json: reapplied,
        text: describeReapplied(reapplied, context.paint),
      });
      const isWhole = reapplied.tables.every(({ quarantined }) => quarantined === 0);
      context.finish(isWhole ? EXIT.done : EXIT.refused);
    });
}

/** What came back, for people. */
export function describeReapplied({ kept, live, ...done }: Reapplied, paint: Paint): string {
  const what = done.isDryRun ? "would come back" : "came back";
  const rows = done.tables.map(({ table: name, applied, quarantined }) => [
    name,
    String(applied),
    `${quarantined} need a person`,
  ]);
  return [
    `${paint("title", `rows of ${kept} that ${what} into ${live}`)}\n`,
    table(paint, rows),
    `which rows, and why: ${done.folder}\n`,
  ].join("");
}
