import type { Command } from "commander";
import type { ReplayedIncident, ReplayReport } from "../model/replay.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import { openConfig, printJson, wantsJson, type CommandContext } from "./context.ts";
import type { Paint } from "./style.ts";

/** `rollwatch replay`: what recorded samples would have led to by today's configuration. */
export function addReplay(program: Command, context: CommandContext): void {
  program
    .command("replay")
    .description(
      "say what recorded samples would have led to by this configuration: what would have fired, when, why, and what would have been decided; changes nothing, needs no daemon",
    )
    .argument("<path>", "a recording, or a folder of them such as <state>/recordings")
    .addHelpText(
      "after",
      "\nExample:\n  rollwatch replay /var/lib/rollwatch/radiation-health/recordings --config new-limits.yaml",
    )
    .action(async (path: string, _options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const report = await context.ports.replay(config, path, context.signal);
      if (wantsJson(command)) {
        printJson(context, report);
      } else {
        context.ports.out(describe(report, context.paint));
      }
    });
}

function describe(report: ReplayReport, paint: Paint): string {
  const { samples, from, to, incidents, unknownSignals, unheardSignals, files } = report;
  const when = from === null || to === null ? "" : `, ${tellTime(from)} to ${tellTime(to)}`;
  const doubts = [
    ...unknownSignals.map(
      (one) => `${one.signal} is not configured: ${one.samples} samples left out`,
    ),
    ...unheardSignals.map((name) => `nothing was recorded of ${name}`),
    ...files.flatMap(({ file, torn, unreadable }) => [
      ...(torn ? [`${file} ends in the middle; what is before that was read`] : []),
      ...(unreadable > 0 ? [`${file} has ${unreadable} lines that are none of this format`] : []),
    ]),
  ];
  const lines = [
    paint("title", `${samples} samples of ${files.length} files${when}`),
    ...(incidents.length === 0 ? ["nothing would have fired"] : incidents.flatMap(describeOne)),
    ...doubts.map((doubt) => paint("doubtful", `! ${doubt}`)),
    ...report.supposed.map((one) => paint("quiet", `supposed: ${one}`)),
  ];
  return `${lines.join("\n")}\n`;

  function describeOne(incident: ReplayedIncident): readonly string[] {
    const { trigger, tier, mode, since, provenAt, clearedAt, signals, cause } = incident;
    const lasted =
      clearedAt === null ? "not over at the end" : `over after ${tellDuration(clearedAt - since)}`;
    return [
      paint("bad", `${tellTime(provenAt)}  ${trigger} (${tier}, ${mode}) by ${signals.join(", ")}`),
      `    first bad sample ${tellTime(since)}, proven ${tellDuration(provenAt - since)} later, ${lasted}`,
      `    likely cause: ${cause}`,
      ...incident.evidence.map((line) => `    evidence: ${line}`),
      ...incident.decisions.map(
        ({ kind, at, reason }) => `    would have decided ${tellTime(at)}  ${kind}: ${reason}`,
      ),
    ];
  }
}
