import type { Command } from "commander";
import { DONE, tell } from "./act.ts";
import { type CommandContext, openConfig } from "./context.ts";
import { describeReapplied } from "./database-reapply.ts";
import { EXIT } from "./ports.ts";
import { table } from "./style.ts";

interface ReplayOptions {
  readonly kept?: string;
  readonly snapshot?: string;
  readonly dryRun?: boolean;
}

/** `rollwatch database replay`: everything that the replaced database's journal has noted since the snapshot; never by itself. */
export function addDatabaseReplay(group: Command, context: CommandContext): void {
  group
    .command("replay")
    .description(
      "make every change that the kept database's journal has noted since the snapshot in the live one (database.rollback.journal)",
    )
    .option("--kept <database>", "the kept database; without it the newest one")
    .option(
      "--snapshot <moment>",
      "pg_current_snapshot() of the live database's data; without it as the kept journal has it",
    )
    .option("--dry-run", "try all of it, and take it back")
    .addHelpText("after", "\nExample:\n  rollwatch database replay --dry-run")
    .action(async (options: ReplayOptions, command: Command) => {
      const config = await openConfig(context, command, "command");
      const rows = await context.ports.openDatabaseRows(config);
      const { kept, snapshot } = options;
      const request = { kept, snapshot, isDryRun: options.dryRun === true };
      const replayed = await rows.replay(request, context.signal);
      tell(context, command, { json: replayed, text: describeReapplied(replayed, context.paint) });
      const isWhole = replayed.tables.every(({ quarantined }) => quarantined === 0);
      context.finish(isWhole ? EXIT.done : EXIT.refused);
    });
}

/** `rollwatch database journal …`: whether every write into the live database is noted. */
export function addDatabaseJournal(group: Command, context: CommandContext): void {
  const journal = group
    .command("journal")
    .description("the notes of every write into the live database, for `database replay`");
  journal
    .command("install")
    .description("have every later write noted, while the application goes on")
    .addHelpText("after", "\nExample:\n  rollwatch database journal install")
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const rows = await context.ports.openDatabaseRows(config);
      const state = await rows.installJournal(context.signal);
      const missing = state.missing.map((one) => [one.table, `not journaled: ${one.why}`]);
      const head = `${state.journaled.length} tables are journaled\n`;
      tell(context, command, { json: state, text: `${head}${table(context.paint, missing)}` });
      context.finish(missing.length === 0 ? EXIT.done : EXIT.failed);
    });
  journal
    .command("remove")
    .description("end it, with everything that was noted")
    .addHelpText("after", "\nExample:\n  rollwatch database journal remove")
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const rows = await context.ports.openDatabaseRows(config);
      await rows.removeJournal(context.signal);
      tell(context, command, { json: DONE, text: "the journal is gone\n" });
    });
}
