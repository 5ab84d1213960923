import type { Command } from "commander";
import type { CommandContext } from "./context.ts";
import { addDatabaseAside } from "./database-aside.ts";
import { addDatabaseDelta } from "./database-delta.ts";
import { addDatabaseJournal, addDatabaseReplay } from "./database-journal.ts";
import { addDatabaseReapply } from "./database-reapply.ts";
import { addDatabaseUndo } from "./database-undo.ts";

/** `rollwatch database …`: the live database, and those that swaps have kept. */
export function addDatabase(program: Command, context: CommandContext): void {
  const group = program
    .command("database")
    .description("the live database, and those that were replaced and kept");
  addDatabaseDelta(group, context);
  addDatabaseReapply(group, context);
  addDatabaseReplay(group, context);
  addDatabaseJournal(group, context);
  addDatabaseAside(group, context);
  addDatabaseUndo(group, context);
}
