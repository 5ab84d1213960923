import { Option, type Command } from "commander";
import type { ShadowRecord, TriggerRecord } from "../model/record.ts";
import { TRIGGERS } from "../model/trigger.ts";
import { tellDuration } from "../model/units.ts";
import { reading, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { table, type Paint } from "./style.ts";

const HEAD = [
  "trigger",
  "mode",
  "incidents",
  "would act",
  "right",
  "wrong",
  "unlabelled",
  "missed",
  "precision",
  "recall",
  "detect",
  "recover",
];

/** `rollwatch record`: how often rollwatch was right, by trigger. */
export function addRecord(program: Command, context: CommandContext): void {
  program
    .command("record")
    .description(
      "say how often rollwatch was right about each trigger, as people labelled its incidents",
    )
    .addOption(new Option("--trigger <trigger>", "this one alone").choices(TRIGGERS))
    .addHelpText(
      "after",
      "\nLabel incidents with `rollwatch incident label ID right|wrong`; a fault that you report and no probe saw counts as missed.\n\nExample:\n  rollwatch record --trigger slow-responses",
    )
    .action(async (options: { trigger?: string }, command: Command) => {
      const record = await reading(context, command, async (operations) =>
        operations.record(context.signal),
      );
      const triggers = record.triggers.filter(
        (one) => options.trigger === undefined || one.trigger === options.trigger,
      );
      tell(context, command, { json: { triggers }, text: describe({ triggers }, context.paint) });
    });
}

function describe({ triggers }: ShadowRecord, paint: Paint): string {
  return triggers.length === 0 ? "no incidents yet\n" : table(paint, [HEAD, ...triggers.map(row)]);
}

function row(one: TriggerRecord): readonly string[] {
  return [
    one.trigger,
    one.mode,
    String(one.incidents),
    String(one.wouldAct),
    String(one.right),
    String(one.wrong),
    String(one.unlabelled),
    String(one.missed),
    share(one.precision),
    share(one.recall),
    seconds(one.detectSeconds),
    seconds(one.recoverSeconds),
  ];
}

function share(ratio: number | null): string {
  return ratio === null ? "-" : `${Number((ratio * 100).toFixed(1))} %`;
}

function seconds(value: number | null): string {
  return value === null ? "-" : tellDuration(value * 1000);
}
