import type { Command } from "commander";
import { ruleOf } from "../config/rule.ts";
import type { Config } from "../config/schema.ts";
import { explainRule, type RuleExplanation } from "../judge/explain.ts";
import type { SignalRule } from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";
import { openConfig, printJson, wantsJson, type CommandContext } from "./context.ts";
import { table, type Paint, type Tone } from "./style.ts";

/** A false alarm more often than this (a day) is worth a warning. */
const MANY_PER_DAY = 0.01;
/** Below this chance a day the year is told too. */
const RARE_PER_DAY = 0.001;
/** Below this chance (0..1) no number says more. */
const PRACTICALLY_NONE = 1e-9;
const DAYS_PER_YEAR = 365;

/** A signal as `config explain --json` tells it. Chances are 0..1, times seconds; null where it never fires. */
interface ExplainedSignal {
  readonly signal: string;
  readonly trigger: string;
  readonly limit: string;
  /** Seconds of samples that are judged together; null when each one is. */
  readonly windowSeconds: number | null;
  readonly intervalSeconds: number;
  readonly breachAfter: number;
  readonly clearAfter: number;
  readonly minSamples: number;
  readonly detectSeconds: { readonly typical: number; readonly worst: number } | null;
  readonly falseAlarmsPerDay: number;
  readonly falseAlarmChance: { readonly day: number; readonly year: number };
  readonly neverFires: string | null;
  readonly neverClears: string | null;
  readonly assumptions: string;
}

/** `rollwatch config explain`: what each limit means in false alarms and seconds. */
export function addExplain(group: Command, context: CommandContext): void {
  group
    .command("explain")
    .description(
      "say what each limit means: time to detect, chance of a false alarm, and limits of no use",
    )
    .addHelpText(
      "after",
      "\nA false alarm rolls back only while every guard allows it: a change in the blame window, the mode auto, ….\n\nExample:\n  rollwatch config explain --config config/rollwatch.yaml",
    )
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const signals = explainedSignals(config);
      if (wantsJson(command)) {
        printJson(context, { application: config.application.name, signals });
      } else {
        context.ports.out(signals.map((one) => block(one, context.paint)).join("\n"));
      }
    });
}

function explainedSignals({ signals, application }: Config): readonly ExplainedSignal[] {
  return signals.map((settings) => {
    const rule = ruleOf(settings, application);
    return explained(rule, explainRule(rule));
  });
}

function explained(rule: SignalRule, explanation: RuleExplanation): ExplainedSignal {
  const { limit, falsePerDay, falseChancePerDay, detectMs, assumptions } = explanation;
  return {
    signal: rule.name,
    trigger: rule.trigger,
    limit,
    windowSeconds: rule.window.kind === "last" ? null : rule.window.ms / 1000,
    intervalSeconds: rule.intervalMs / 1000,
    breachAfter: rule.breachAfter,
    clearAfter: rule.clearAfter,
    minSamples: rule.minSamples,
    detectSeconds:
      detectMs === undefined
        ? null
        : { typical: detectMs.typical / 1000, worst: detectMs.worst / 1000 },
    falseAlarmsPerDay: falsePerDay,
    falseAlarmChance: { day: falseChancePerDay, year: inYear(falseChancePerDay) },
    neverFires: explanation.neverFires ?? null,
    neverClears: explanation.neverClears ?? null,
    assumptions,
  };
}

/** Of a chance a day; by way of logarithms, or tiny ones would be lost. */
function inYear(chance: number): number {
  return -Math.expm1(DAYS_PER_YEAR * Math.log1p(-Math.min(chance, 1)));
}

function block(one: ExplainedSignal, paint: Paint): string {
  const rows = [
    ["bad when", one.limit],
    ["judged", tellWindows(one)],
    ["time to detect", tellDetection(one)],
    ["false alarm", tellFalseAlarm(one)],
    ["supposed", one.assumptions],
    ...warningsOf(one).map((text) => ["warning", { text, tone: "doubtful" as const }]),
  ] satisfies readonly (readonly (string | { readonly text: string; readonly tone: Tone })[])[];
  return `${paint("title", one.signal)} (${one.trigger})\n${table(paint, rows)}`;
}

function tellWindows(one: ExplainedSignal): string {
  const { windowSeconds, intervalSeconds, breachAfter, clearAfter, minSamples } = one;
  const every = tellDuration(intervalSeconds * 1000);
  const what =
    windowSeconds === null
      ? `each sample, one every ${every}`
      : `windows of ${tellDuration(windowSeconds * 1000)}, a sample every ${every}, at least ${minSamples} counted in each`;
  const breach =
    breachAfter === 1 ? "1 bad is a breach" : `${breachAfter} bad in a row are a breach`;
  const end = clearAfter === 1 ? "1 good ends it" : `${clearAfter} good in a row end it`;
  return `${what}; ${breach}, ${end}`;
}

function tellDetection({ detectSeconds }: ExplainedSignal): string {
  if (detectSeconds === null) {
    return "never";
  }
  const { typical, worst } = detectSeconds;
  return `${tellDuration(typical * 1000)} typically, ${tellDuration(worst * 1000)} at worst, once everything fails`;
}

function tellFalseAlarm({ falseAlarmChance: { day, year } }: ExplainedSignal): string {
  const inDay = `${tellChance(day)} a day`;
  return day > PRACTICALLY_NONE && day < RARE_PER_DAY
    ? `${inDay}, ${tellChance(year)} a year`
    : inDay;
}

function tellChance(chance: number): string {
  if (chance <= PRACTICALLY_NONE) {
    return chance === 0 ? "no chance" : "less than 1 in 1,000,000,000";
  }
  return chance < RARE_PER_DAY
    ? `1 in ${Math.round(1 / chance).toLocaleString("en")}`
    : `${Number((chance * 100).toPrecision(2))} %`;
}

function warningsOf(one: ExplainedSignal): readonly string[] {
  const { neverFires, neverClears, falseAlarmsPerDay, falseAlarmChance } = one;
  const alarms = Math.max(falseAlarmsPerDay, falseAlarmChance.day);
  return [
    ...(neverFires === null ? [] : [`it never fires: ${neverFires}`]),
    ...(neverClears === null ? [] : [`it hardly ever clears: ${neverClears}`]),
    ...(alarms < MANY_PER_DAY
      ? []
      : [
          `a healthy application would raise ${Number(alarms.toPrecision(2))} false alarms a day: raise the limit, lengthen the window or ask for more windows in a row`,
        ]),
  ];
}
