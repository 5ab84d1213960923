import type { Gauge } from "prom-client";
import type { Control, ControlName } from "../model/control.ts";
import type { Sample } from "../model/sample.ts";
import type { Service } from "../model/service.ts";
import { SIGNAL_STATES } from "../model/signal.ts";
import type { Signal } from "../model/signal.ts";
import { TRIGGER_ROWS, TRIGGERS } from "../model/trigger.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Measures } from "./measures.ts";

const SECOND = 1000;

/** Counts a probe run. */
export function showSample(measures: Measures, sample: Sample, kind: string): void {
  const { signal, at, tookMs, reading } = sample;
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
    for (const state of SIGNAL_STATES) {
      measures.signalState.set({ ...label, state }, signal.state === state ? 1 : 0);
    }
  }
  showUp(measures.applicationUp, applicationIsUp(signals));
}

/** Shows which triggers are breached. */
export function showVerdict(measures: Measures, verdict: Verdict): void {
  measures.breachActive.reset();
  for (const trigger of TRIGGERS) {
    measures.breachActive.set({ trigger, tier: TRIGGER_ROWS[trigger].tier }, 0);
  }
  if (verdict.kind === "breached") {
    measures.breachActive.set({ trigger: verdict.trigger, tier: verdict.tier }, 1);
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
