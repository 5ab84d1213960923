import type { Command } from "commander";
import type { Config } from "../config/schema.ts";
import { ConfigInvalid } from "../config/problem.ts";
import { DOCTOR_AREAS, type DoctorLine, type DoctorReport } from "../model/doctor.ts";
import { Failure } from "../model/failure.ts";
import { openConfig, printJson, wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./ports.ts";
import type { Paint } from "./style.ts";
import { table } from "./style.ts";

/** `rollwatch doctor`: everything that a rollback would need. */
export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command("doctor")
    .description(
      "look at everything that a rollback would need, each with its cure; changes nothing, needs no daemon",
    )
    .addHelpText(
      "after",
      "\nExit code 1 when something is a fault.\n\nExample:\n  rollwatch doctor --config rollwatch.yaml",
    )
    .action(async (_options: unknown, command: Command) => {
      const report = await examineAll(context, command);
      if (wantsJson(command)) {
        printJson(context, report);
      } else {
        context.ports.out(describe(report, context.paint));
      }
      context.finish(report.faults === 0 ? EXIT.done : EXIT.failed);
    });
}

/** A configuration that cannot be read is all there is to say. */
async function examineAll(context: CommandContext, command: Command): Promise<DoctorReport> {
  let config: Config;
  try {
    config = await openConfig(context, command, "command");
  } catch (error) {
    if (error instanceof Failure) {
      return unreadable(error, context.ports.now());
    }
    throw error;
  }
  return context.ports.doctor(config, context.signal);
}

function unreadable(error: Failure, at: number): DoctorReport {
  const area = "configuration";
  const state = "fault";
  const lines: DoctorLine[] =
    error instanceof ConfigInvalid
      ? error.problems.map(({ line, column, path, expected, found, hint }) => ({
          area,
          state,
          check: path === "" ? `line ${line}` : path,
          detail: `line ${line}, column ${column}: expected ${expected}, found ${found}`,
          cure: hint,
        }))
      : [{ area, state, check: "configuration file", detail: error.message, cure: error.hint }];
  const file = error instanceof ConfigInvalid ? (error.problems[0]?.file ?? "") : "";
  return { application: null, file, at, lines, requests: [], warnings: 0, faults: lines.length };
}

const TONES = { ok: "good", warning: "doubtful", fault: "bad" } as const;

function describe(report: DoctorReport, paint: Paint): string {
  const { application, lines, requests, warnings, faults } = report;
  const areas = DOCTOR_AREAS.flatMap((area) => {
    const own = lines.filter((line) => line.area === area);
    return own.length === 0 ? [] : [`${paint("title", area)}\n${showLines(own, paint)}`];
  });
  const asked = requests.map(({ origin, perMinute }) => `  ${origin}  ${perMinute} a minute\n`);
  return [
    ...(application === null ? [] : [`${paint("title", application)}  ${report.file}\n\n`]),
    ...areas,
    ...(asked.length === 0 ? [] : [paint("title", "requests of the probes"), "\n", ...asked]),
    `\n${count(faults, "fault")}, ${count(warnings, "warning")}\n`,
  ].join("");
}

/** Each cure stands below what it cures. */
function showLines(lines: readonly DoctorLine[], paint: Paint): string {
  const rows = lines.map(({ check, state, detail }) => [
    { text: state, tone: TONES[state] },
    check,
    detail,
  ]);
  const shown = table(paint, rows).split("\n");
  return lines
    .map(({ cure }, place) => {
      const arrow = cure === null ? "" : `           -> ${paint("quiet", cure)}\n`;
      return `${shown[place] ?? ""}\n${arrow}`;
    })
    .join("");
}

function count(number: number, word: string): string {
  return `${number === 0 ? "no" : number} ${word}${number === 1 ? "" : "s"}`;
}
