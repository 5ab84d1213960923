import type { Command } from "commander";
import type { CheckRound } from "../model/operations.ts";
import { openConfig, printJson, withOperations, wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./ports.ts";
import { showControls, showVerdict } from "./show.ts";
import type { Paint, Tone } from "./style.ts";
import { table } from "./style.ts";

/** `rollwatch check`: one round of every probe. */
export function addCheck(program: Command, context: CommandContext): void {
  program
    .command("check")
    .description(
      "ask every probe once and show values, limits and the verdict; changes nothing, needs no daemon",
    )
    .addHelpText(
      "after",
      "\nExit code 1 when a value is over its limit or could not be measured, or when a control is red.\n\nExample:\n  rollwatch check --config config/rollwatch.yaml",
    )
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const round = await withOperations(context, config, async ({ operations }) =>
        operations.check(context.signal),
      );
      if (wantsJson(command)) {
        printJson(context, round);
      } else {
        context.ports.out(describeRound(round, context.paint));
      }
      context.finish(isGood(round) ? EXIT.done : EXIT.failed);
    });
}

type CheckedSignal = CheckRound["signals"][number];

function isGood(round: CheckRound): boolean {
  return (
    round.signals.every((signal) => signal.notTried === true || wordFor(signal).tone === "good") &&
    round.controls.every((control) => control.state !== "red")
  );
}

/** One sample cannot be a breach, so a check says good or bad of the value instead of the signal's state. */
function wordFor(signal: CheckedSignal): { readonly text: string; readonly tone: Tone } {
  if (signal.notTried === true) {
    return { text: "not tried", tone: "doubtful" };
  }
  if (signal.value === null) {
    return { text: signal.state, tone: "doubtful" };
  }
  return signal.bad ? { text: "bad", tone: "bad" } : { text: "good", tone: "good" };
}

function describeRound(round: CheckRound, paint: Paint): string {
  const rows = round.signals.map((signal) => [
    signal.name,
    wordFor(signal),
    `${signal.value ?? "-"} ${signal.unit}, limit ${signal.limit}`,
    `${Math.round(signal.tookMs)} ms`,
    signal.reason,
  ]);
  return [
    `${paint("title", round.application)}\n`,
    table(paint, rows),
    `\n${paint("title", "Controls")}\n`,
    showControls(paint, round.controls),
    `\n${showVerdict(paint, round.verdict)}`,
  ].join("");
}
