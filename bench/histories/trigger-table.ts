import { explainRule } from "../../src/judge/explain.ts";
import { TRIGGERS, type Trigger } from "../../src/model/trigger.ts";
import { formatDuration } from "../../src/model/units.ts";
import type { FaultScore } from "../../test/histories/score.ts";
import type { Shipped, Watched } from "../../test/histories/shipped.ts";
import { markdown, quantile, tellSeconds } from "./markdown.ts";

const HEAD = [
  "trigger",
  "signal (probe)",
  "bad when",
  "windows",
  "false alarm a day",
  "found after: typically, at worst",
  "measured: median, p95",
] as const;
/** Rarer than this a number says nothing more. */
const NEVER = 1e-9;

/** A row for each signal of the shipped configuration, by trigger; what was measured is told once for each trigger. */
export function triggerTable(faults: readonly FaultScore[], { watched }: Shipped): string {
  const rows = TRIGGERS.flatMap((trigger) => {
    const own = watched.filter((one) => one.rule.trigger === trigger);
    return own.length === 0
      ? [[trigger, "none: people report it", "", "", "", "", ""]]
      : own.map((one, place) => row(one, place === 0 ? measured(faults, trigger) : ""));
  });
  return markdown(HEAD, rows);
}

function row({ rule, settings }: Watched, found: string): readonly string[] {
  const { limit, falseChancePerDay, detectMs } = explainRule(rule);
  const span = rule.window.kind === "last" ? rule.intervalMs : rule.window.ms;
  return [
    rule.trigger,
    `${rule.name} (\`${settings.probe.kind}\`)`,
    limit,
    `${rule.breachAfter} of ${formatDuration(span)}`,
    tellChance(falseChancePerDay),
    detectMs === undefined
      ? "never"
      : `${tellSeconds(detectMs.typical / 1000)}, ${tellSeconds(detectMs.worst / 1000)}`,
    found,
  ];
}

/** Of the faults that are the trigger's own: those that name it. */
function measured(faults: readonly FaultScore[], trigger: Trigger): string {
  const seconds = faults
    .filter((one) => one.trigger === trigger && one.isRightTrigger)
    .flatMap((one) => one.seconds ?? [])
    .toSorted((one, other) => one - other);
  return seconds.length === 0
    ? "-"
    : `${tellSeconds(quantile(seconds, 0.5))}, ${tellSeconds(quantile(seconds, 0.95))}`;
}

function tellChance(chance: number): string {
  if (chance < NEVER) {
    return "none to speak of";
  }
  return chance > 0.5
    ? "see below"
    : `1 in ${Number((1 / chance).toPrecision(2)).toLocaleString("en")}`;
}
