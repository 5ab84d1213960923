import type { Gauge } from "prom-client";
import type { Control, ControlName } from "../model/control.ts";
import { isBraked } from "../model/history.ts";
import type { History } from "../model/history.ts";
import type { ShadowRecord } from "../model/record.ts";
import type { Sample } from "../model/sample.ts";
import type { Service } from "../model/service.ts";
import { SIGNAL_STATES } from "../model/signal.ts";
import type { Signal } from "../model/signal.ts";
import { TIER_BUDGET_MS, TIERS } from "../model/tier.ts";
import type { Tier } from "../model/tier.ts";
import { TRIGGERS } from "../model/trigger.ts";
import type { Trigger } from "../model/trigger.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Measures } from "./measures.ts";

const SECOND = 1000;

/** The tier of a trigger as it is configured. */
export type TierOf = (trigger: Trigger) => Tier;

/** Counts a probe run; one that was skipped is none. */
export function showSample(measures: Measures, sample: Sample, kind: string): void {
  const { signal, at, tookMs, reading } = sample;
  if (sample.skipped === true) {
    return;
  }
  measures.probeRuns.inc({ signal, kind });
  measures.probeDuration.observe({ signal }, tookMs / SECOND);
  if (reading.kind === "absent") {
    measures.probeFailures.inc({ signal, reason: reading.reason });
  } else {
    measures.probeLastSuccess.set({ signal }, (at + tookMs) / SECOND);
  }
}

/** Shows every signal, and whether the application is up: neither yes nor no while that cannot be said. */
export function showSignals(measures: Measures, signals: readonly Signal[]): void {
  for (const signal of signals) {
    const label = { signal: signal.name };
    measures.signalLimit.set(label, signal.limit);
    if (signal.value !== undefined) {
      measures.signalValue.set(label, signal.value);
    }
    if (signal.percentiles !== undefined) {
      const { p50, p95, p99 } = signal.percentiles;
      measures.signalPercentile.set({ ...label, percentile: "50" }, p50);
      measures.signalPercentile.set({ ...label, percentile: "95" }, p95);
      measures.signalPercentile.set({ ...label, percentile: "99" }, p99);
    }
    for (const state of SIGNAL_STATES) {
      measures.signalState.set({ ...label, state }, signal.state === state ? 1 : 0);
    }
  }
  showUp(measures.applicationUp, applicationIsUp(signals));
}

/** Shows which triggers are breached, each with the tier that it has now. */
export function showVerdict(measures: Measures, verdict: Verdict, tierOf: TierOf): void {
  const active: ReadonlySet<Trigger> =
    verdict.kind === "breached"
      ? new Set([verdict.trigger, ...verdict.breaches.map((one) => one.trigger)])
      : new Set();
  measures.breachActive.reset();
  for (const trigger of TRIGGERS) {
    const isGravest = verdict.kind === "breached" && verdict.trigger === trigger;
    const tier = isGravest ? verdict.tier : tierOf(trigger);
    measures.breachActive.set({ trigger, tier }, active.has(trigger) ? 1 : 0);
  }
}

/** Shows what depends on the time of day: whether a pause or maintenance is on, and how much time an open incident has left. */
export function showMoment(measures: Measures, history: History, now: number): void {
  measures.paused.set(isBraked(history.pause, now) ? 1 : 0);
  measures.observing.set(isBraked(history.observing, now) ? 1 : 0);
  measures.maintenance.set(isBraked(history.maintenance, now) ? 1 : 0);
  for (const tier of TIERS) {
    const open = history.incidents.filter((one) => one.closed === undefined && one.tier === tier);
    const used = open.map((one) => (now - one.since) / TIER_BUDGET_MS[tier]);
    measures.budgetUsed.set({ tier }, Math.max(0, ...used));
  }
}

/** Shows how old the snapshot of the database is; nothing while there is none. */
export function showSnapshot(measures: Measures, ageMs: number | undefined): void {
  measures.snapshotAge.remove();
  if (ageMs !== undefined) {
    measures.snapshotAge.set(ageMs / SECOND);
  }
}

/** Shows whether the database could be put back; without a warm one it takes as long as the last restore of its dump. */
export function showDatabase(
  measures: Measures,
  isWarm: boolean,
  restoreSeconds: number | undefined,
): void {
  const scope = "database";
  measures.rollbackReady.set({ scope }, isWarm ? 1 : 0);
  if (!isWarm && restoreSeconds !== undefined) {
    measures.rollbackEstimated.set({ scope }, restoreSeconds);
  }
}

/** Shows how often rollwatch was right; of what nobody said nothing is shown. */
export function showRecord(measures: Measures, { triggers }: ShadowRecord): void {
  const shown = [
    [measures.recordPrecision, "precision"],
    [measures.recordRecall, "recall"],
    [measures.recordDetection, "detectSeconds"],
    [measures.recordRecovery, "recoverSeconds"],
  ] as const;
  for (const [gauge, what] of shown) {
    gauge.reset();
    for (const one of triggers) {
      const value = one[what];
      if (value !== null) {
        gauge.set({ trigger: one.trigger }, value);
      }
    }
  }
}

/** Shows what the control probes found out about pm2 and the database. */
export function showControls(measures: Measures, controls: readonly Control[]): void {
  showUp(measures.pm2Up, controlIsGreen(controls, "pm2"));
  showUp(measures.databaseUp, controlIsGreen(controls, "database"));
}

/** Shows which services are up; nothing is said of them while pm2 does not answer. */
export function showServices(measures: Measures, services: readonly Service[] | undefined): void {
  measures.serviceUp.reset();
  for (const service of services ?? []) {
    const isUp =
      service.instances.length > 0 && service.instances.every((one) => one.status === "online");
    measures.serviceUp.set({ service: service.name }, isUp ? 1 : 0);
  }
}

/** Shows how late a round of judgement began. */
export function showRound(measures: Measures, lagMs: number): void {
  measures.tickLag.set(lagMs / SECOND);
}

function applicationIsUp(signals: readonly Signal[]): boolean | undefined {
  const own = signals.filter((signal) => signal.trigger === "system-down");
  if (own.some((signal) => signal.state === "breach")) {
    return false;
  }
  return own.length > 0 && own.every((signal) => signal.state === "ok") ? true : undefined;
}

function controlIsGreen(controls: readonly Control[], name: ControlName): boolean | undefined {
  const state = controls.find((control) => control.name === name)?.state;
  return state === undefined || state === "unknown" ? undefined : state === "green";
}

/** A gauge without a value is left out of the scrape: unknown is neither 0 nor 1. */
function showUp(gauge: Gauge<never>, isUp: boolean | undefined): void {
  gauge.remove();
  if (isUp !== undefined) {
    gauge.set(isUp ? 1 : 0);
  }
}
