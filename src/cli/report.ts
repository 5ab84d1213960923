import { Argument } from "commander";
import type { Command } from "commander";
import { ReportRequest } from "../model/actions.ts";
import { TRIGGERS } from "../model/trigger.ts";
import { acting, checked, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { addWho } from "./who.ts";

/** `rollwatch report TRIGGER`: what no probe can see. */
export function addReport(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("report")
      .description("report a fault that no probe can see: security, data, the user interface")
      .addArgument(new Argument("<trigger>", "what kind of fault it is").choices(TRIGGERS))
      .requiredOption("--reason <text>", "what you saw, and where"),
  )
    .addHelpText(
      "after",
      '\nReporting asks for nothing: rollwatch decides, and prepares a plan for the people who may approve it.\n\nExample:\n  rollwatch report user-interface --reason "the map is blank since noon"',
    )
    .action(async (trigger: string, options: { reason: string }, command: Command) => {
      const request = checked(ReportRequest, { trigger, reason: options.reason });
      const reported = await acting(context, command, "acknowledge", async ({ actions, by }) =>
        actions.report(request, by),
      );
      tell(context, command, { json: reported, text: `reported: ${reported.incident}\n` });
    });
}
