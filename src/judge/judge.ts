import type { Control } from "../model/control.ts";
import type { Change } from "../model/identity.ts";
import type { Service } from "../model/service.ts";
import type { Breach, Signal } from "../model/signal.ts";
import type { Tier } from "../model/tier.ts";
import type { Trigger } from "../model/trigger.ts";
import type { Missing, Verdict } from "../model/verdict.ts";
import { attribute } from "./cause.ts";
import { gravestFirst } from "./gravity.ts";

/** Everything a verdict rests on. */
export interface JudgeInput {
  readonly signals: readonly Signal[];
  readonly changes: readonly Change[];
  readonly controls: readonly Control[];
  readonly services: readonly Service[];
  readonly tierOf: (trigger: Trigger) => Tier;
  readonly blameWindowMsOf: (trigger: Trigger) => number;
}

/** One verdict over all signals: the first of the gravest breaches names trigger and tier, without a breach a run of bad windows is suspect. */
export function judge(input: JudgeInput): Verdict {
  const { signals, changes, controls, services, tierOf, blameWindowMsOf } = input;
  const missing = signals.flatMap(missingOf);
  const breaches = gravestFirst(signals.flatMap(breachOf), tierOf);
  const gravest = breaches[0];
  if (gravest === undefined) {
    return withoutBreach(signals, missing);
  }
  const { trigger } = gravest;
  const isPlanned = tierOf(trigger) === "planned";

  /** A planned matter may last for days: what is graver and began later is not its doing. */
  function isWeighty(breach: Breach): boolean {
    return isPlanned || tierOf(breach.trigger) !== "planned";
  }

  const since = Math.min(...breaches.filter(isWeighty).map((breach) => breach.since));
  const blameWindowMs = blameWindowMsOf(trigger);
  const attribution = attribute({ breaches, since, changes, controls, services, blameWindowMs });
  return {
    kind: "breached",
    trigger,
    tier: tierOf(trigger),
    breaches,
    since,
    missing,
    attribution,
  };
}

function withoutBreach(signals: readonly Signal[], missing: readonly Missing[]): Verdict {
  const bad = signals.filter((signal) => signal.badWindows > 0);
  if (bad.length === 0) {
    return { kind: "healthy", missing };
  }
  const firstBadAt = Math.min(...bad.map((signal) => signal.firstBadAt ?? signal.since));
  return { kind: "suspect", firstBadAt, signals: bad.map((signal) => signal.name), missing };
}

function breachOf(signal: Signal): readonly Breach[] {
  const { name, trigger, state, value, limit, unit, since, firstBadAt, reason } = signal;
  if (state !== "breach" || value === undefined) {
    return [];
  }
  const { badShare, service, percentiles } = signal;
  const measured =
    badShare === undefined
      ? { value, limit, unit }
      : { value: badShare.value, limit: badShare.allowed, unit: "ratio" };
  const more = {
    ...(service === undefined ? {} : { service }),
    ...(percentiles === undefined ? {} : { percentiles }),
  };
  const times = { since: firstBadAt ?? since, provenAt: since };
  return [{ signal: name, trigger, ...measured, ...times, reason, ...more }];
}

function missingOf(signal: Signal): readonly Missing[] {
  const { name, state, reason } = signal;
  return state === "ok" || state === "breach" ? [] : [{ signal: name, state, reason }];
}
