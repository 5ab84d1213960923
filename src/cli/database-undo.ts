import { Option } from "commander";
import type { Command } from "commander";
import { TRIGGERS } from "../model/trigger.ts";
import { reading } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { findAside } from "./database-aside.ts";
import { preview, rollBack } from "./rollback.ts";
import { addWho } from "./who.ts";

interface UndoOptions {
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly to?: string;
  readonly trigger?: string;
}

/** `rollwatch database undo`: the swap back, to a database that a swap has replaced. */
export function addDatabaseUndo(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("undo")
      .description("put a kept database back in the live one's place, which is kept then")
      .argument("[name]", "of the kept database (default: the newest one)")
      .option("--dry-run", "show the plan, its time and what would refuse it; do nothing")
      .option(
        "--to <release>",
        "take the code of this release along (default: what is deployed stays)",
      )
      .addOption(
        new Option(
          "--trigger <trigger>",
          "what is wrong, when no incident is open (default: minor-functionality)",
        ).choices(TRIGGERS),
      )
      .option("--reason <text>", "why, for everybody who wonders"),
  )
    .addHelpText(
      "after",
      `
Waits until a database administrator and a system administrator, two people, have approved it. Refused where the release
that is to run could not run on the kept database's schema.
Exit codes: those of \`rollwatch rollback\`.

Examples:
  rollwatch database undo --dry-run
  rollwatch database undo --reason "the rows were right after all"`,
    )
    .action(async (name: string | undefined, options: UndoOptions, command: Command) => {
      const aside = await reading(context, command, async (operations) =>
        findAside(operations, name, context.signal),
      );
      const { to } = options;
      const wanted = {
        scope: "database",
        aside: aside.name,
        ...(to === undefined ? {} : { to }),
      } as const;
      await (options.dryRun === true
        ? preview(wanted, command, context)
        : rollBack({ ...options, scope: "database" }, wanted, command, context));
    });
}
