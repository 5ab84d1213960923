import { type Command, Option } from "commander";
import { HEADINGS, REPORT_FORMATS, type ReportOrder } from "../model/after-action.ts";
import { openConfig, wantsJson, type CommandContext } from "./context.ts";

/** `rollwatch incident export`: everything the journal knows about an incident, as a report. */
export function addIncidentExport(group: Command, context: CommandContext): void {
  group
    .command("export")
    .description(
      "write the report of an incident: facts filled in, judgement left blank for people; reads the journal, needs no daemon",
    )
    .argument("<id>", "of the incident")
    .addOption(
      new Option("--format <format>", "how it is written")
        .choices(REPORT_FORMATS)
        .default("markdown"),
    )
    .addOption(
      new Option("--headings <whose>", "the runbook's headings, or those of a template")
        .choices(HEADINGS)
        .default("runbook"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  rollwatch incident export inc-20261122T153012-k3f9q2 > report.md",
    )
    .action(async (id: string, options: Omit<ReportOrder, "id">, command: Command) => {
      const config = await openConfig(context, command, "command");
      const { headings } = options;
      const format = wantsJson(command) ? "json" : options.format;
      context.ports.out(
        await context.ports.exportIncident(config, { id, format, headings }, context.signal),
      );
    });
}
