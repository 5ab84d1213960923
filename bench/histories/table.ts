import { tellPercent } from "../../src/judge/tell.ts";
import type { DayScore, FaultScore } from "../../test/histories/score.ts";
import { leastSeconds } from "../../test/histories/score.ts";
import { shipped, type Shipped } from "../../test/histories/shipped.ts";
import { atLeast, atMost } from "./bounds.ts";
import { markdown, quantile, tellSeconds } from "./markdown.ts";
import type { HistoriesResult } from "./measure.ts";
import { triggerTable } from "./trigger-table.ts";

/** The result for people, as tables of Markdown; what went wrong follows with the seeds that show it again. */
export function historiesTables(result: HistoriesResult): string {
  const config = shipped();
  return [
    summary(result),
    "",
    "Healthy host-days, by kind:",
    "",
    healthyTable(result.days),
    "",
    "Faults, by kind:",
    "",
    faultTable(result.faults, config),
    "",
    "By trigger, with the limits of config/rollwatch.yaml:",
    "",
    triggerTable(result.faults, config),
    ...wrongs(result),
  ].join("\n");
}

/** Whether nothing healthy was rolled back. */
export function isWhole({ days }: HistoriesResult): boolean {
  return !days.some((day) => isRolledBack(day));
}

function summary({ days, faults, seed }: HistoriesResult): string {
  const rolledBack = days.filter(isRolledBack).length;
  const restarted = days.filter((day) => day.breaches.some((one) => one.decision === "restart"));
  const breached = days.filter((day) => day.breaches.some((one) => one.isFalse));
  const found = faults.filter((one) => one.seconds !== null);
  const rows = [
    ["host-days with a false rollback", ...upper(rolledBack, days.length)],
    ["host-days with a false restart", ...upper(restarted.length, days.length)],
    ["host-days with a false breach", ...upper(breached.length, days.length)],
    ["faults found within 5 min (recall)", ...lower(found.length, faults.length)],
    [
      "of those, named by the right trigger",
      ...lower(count(found, "isRightTrigger"), found.length),
    ],
    ["of those, with the right cause", ...lower(count(found, "isRightCause"), found.length)],
    ["of those, with the right decision", ...lower(count(found, "isRightDecision"), found.length)],
  ];
  const events = days.reduce((sum, day) => sum + day.events, 0);
  const what = `Seed ${seed}: ${days.length} healthy host-days (${Math.round(events / 1e6)} million events), ${faults.length} faults.`;
  return `${what}\n\n${markdown(["", "", "share", "with 95 % confidence"], rows)}`;
}

function isRolledBack({ breaches }: DayScore): boolean {
  return breaches.some((one) => one.decision === "roll-back");
}

type Right = "isRightTrigger" | "isRightCause" | "isRightDecision";

function count(faults: readonly FaultScore[], what: Right): number {
  return faults.filter((one) => one[what]).length;
}

function healthyTable(days: readonly DayScore[]): string {
  const kinds = [...new Set(days.map((day) => day.kind))];
  const rows = kinds.map((kind) => {
    const own = days.filter((day) => day.kind === kind);
    const breaches = own.flatMap((day) => day.breaches);
    const isFalse = breaches.filter((one) => one.isFalse).length;
    return [
      kind,
      String(own.length),
      String(isFalse),
      String(breaches.length - isFalse),
      decided(breaches, "roll-back"),
      decided(breaches, "restart"),
      decided(breaches, "recommend"),
    ];
  });
  const head = [
    "kind",
    "days",
    "false breaches",
    "true breaches",
    "rollbacks",
    "restarts",
    "recommendations",
  ];
  return markdown(head, rows);
}

function decided(breaches: readonly DayScore["breaches"][number][], decision: string): string {
  return String(breaches.filter((one) => one.decision === decision).length);
}

function faultTable(faults: readonly FaultScore[], config: Shipped): string {
  const kinds = [...new Set(faults.map((one) => one.kind))];
  const rows = kinds.map((kind) => {
    const own = faults.filter((one) => one.kind === kind);
    const found = own.filter((one) => one.seconds !== null);
    const triggers = [...new Set(found.flatMap((one) => one.trigger ?? []))];
    const seconds = found.flatMap((one) => one.seconds ?? []).toSorted((one, other) => one - other);
    const least = Math.min(...triggers.map((trigger) => leastSeconds(config, trigger)));
    return [
      kind,
      triggers.join(", "),
      String(own.length),
      share(found.length, own.length),
      share(count(found, "isRightTrigger"), found.length),
      share(count(found, "isRightCause"), found.length),
      share(count(found, "isRightDecision"), found.length),
      tellSeconds(quantile(seconds, 0.5)),
      tellSeconds(quantile(seconds, 0.95)),
      tellSeconds(least),
    ];
  });
  const head = [
    "fault",
    "told as",
    "runs",
    "found",
    "trigger",
    "cause",
    "decision",
    "median",
    "p95",
    "explained",
  ];
  return markdown(head, rows);
}

function wrongs({ days, faults }: HistoriesResult): readonly string[] {
  const ofDays = days.flatMap(({ kind, seed, breaches }) =>
    breaches
      .filter((one) => one.isFalse || one.decision === "roll-back")
      .map(
        ({ trigger, signals, at, decision }) =>
          `- ${kind}, seed ${seed}: ${trigger} by ${signals.join(", ")} at ${new Date(at).toISOString()}, ${decision}`,
      ),
  );
  const ofFaults = faults
    .filter((one) => one.seconds !== null && !(one.isRightCause && one.isRightDecision))
    .map(
      ({ kind, deployed, seed, trigger, cause, decision }) =>
        `- ${kind}${deployed ? ", deployed" : ""}, seed ${seed}: ${trigger}, ${cause}, ${decision}`,
    );
  const all = [...ofDays, ...ofFaults];
  return all.length === 0 ? [] : ["", `Wrong (${all.length}):`, "", ...all.slice(0, MOST_TOLD)];
}

const MOST_TOLD = 40;

function share(hits: number, trials: number): string {
  return trials === 0 ? "-" : tellPercent(hits / trials);
}

function upper(hits: number, trials: number): readonly string[] {
  return [
    `${hits} of ${trials}`,
    share(hits, trials),
    `at most ${tellPercent(atMost(hits, trials))}`,
  ];
}

function lower(hits: number, trials: number): readonly string[] {
  return [
    `${hits} of ${trials}`,
    share(hits, trials),
    `at least ${tellPercent(atLeast(hits, trials))}`,
  ];
}
