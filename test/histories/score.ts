import { replayWatching } from "../../src/app/replay-setup.ts";
import { explainRule } from "../../src/judge/explain.ts";
import type { DecisionKind } from "../../src/model/decision.ts";
import type { ReplayedIncident } from "../../src/model/replay.ts";
import type { Trigger } from "../../src/model/trigger.ts";
import { createReplay } from "../../src/replay/replay.ts";
import { badHistory, type Bad } from "./bad.ts";
import { healthyDay, type Healthy } from "./healthy.ts";
import { BEGINNING, play } from "./play.ts";
import type { Profile } from "./profile.ts";
import { seeded, type Random } from "./random.ts";
import type { Shipped } from "./shipped.ts";

/** A fault that is not proven within this time was missed. */
const LONGEST_MS = 5 * 60_000;
/** Everything that there is to decide about a fault is decided after this time. */
const SETTLED_MS = 30_000;
const LOOK_EVERY = 20;

/** What a healthy day led to; everything but the events should be nothing. */
export interface DayScore {
  readonly kind: string;
  readonly seed: number;
  readonly events: number;
  readonly breaches: readonly HealthyBreach[];
}

/** A breach of a healthy day, and the gravest that was decided about it. */
interface HealthyBreach {
  readonly trigger: Trigger;
  readonly signals: readonly string[];
  readonly at: number;
  readonly decision: DecisionKind;
  /** Whether nothing was wrong for so long. Where it is not, the breach is true, and acting on it would be wrong. */
  readonly isFalse: boolean;
}

/** What a fault led to. */
export interface FaultScore {
  readonly kind: string;
  readonly deployed: boolean;
  readonly seed: number;
  /** The trigger that names the incident in the end; null where the fault was missed. */
  readonly trigger: Trigger | null;
  readonly cause: string | null;
  readonly decision: DecisionKind | null;
  /** Seconds from the fault to the proven breach; null where it was missed. */
  readonly seconds: number | null;
  readonly isRightTrigger: boolean;
  readonly isRightCause: boolean;
  readonly isRightDecision: boolean;
}

/** Runs a healthy day of a kind through the judgement of today. */
export function scoreDay(
  kind: Healthy,
  seed: number,
  shipped: Shipped,
  seconds?: number,
): DayScore {
  const random = seeded(seed);
  const { events, incidents } = run(healthyDay(kind, random, seconds), shipped, random);
  const breaches = incidents.map(({ trigger, signals, provenAt, decisions }) => ({
    trigger,
    signals,
    at: provenAt,
    decision: gravestOf(decisions.map((one) => one.kind)),
    isFalse: kind.allowed?.includes(trigger) !== true,
  }));
  return { kind: kind.name, seed, events, breaches };
}

/** Runs a fault through the judgement of today. */
export function scoreFault(
  kind: Bad,
  deployed: boolean,
  seed: number,
  shipped: Shipped,
): FaultScore {
  const random = seeded(seed);
  const history = badHistory(kind, deployed, shipped, random);
  const { incidents } = run(history.profile, shipped, random, false);
  const beganAt = BEGINNING + history.from * 1000;
  const found = incidents.find(
    ({ provenAt }) => provenAt >= beganAt && provenAt - beganAt < LONGEST_MS,
  );
  const base = { kind: kind.name, deployed, seed };
  if (found === undefined) {
    return { ...base, ...MISSED };
  }
  const decision = gravestOf(found.decisions.map((one) => one.kind));
  return {
    ...base,
    trigger: found.trigger,
    cause: found.cause,
    decision,
    seconds: (found.provenAt - beganAt) / 1000,
    isRightTrigger: kind.trigger === undefined || found.trigger === kind.trigger,
    isRightCause: found.cause === history.cause,
    isRightDecision:
      history.decision === "no rollback" ? decision !== "roll-back" : decision === history.decision,
  };
}

const MISSED = {
  trigger: null,
  cause: null,
  decision: null,
  seconds: null,
  isRightTrigger: false,
  isRightCause: false,
  isRightDecision: false,
} as const;

/** The least seconds that any judgement by these limits needs on average, for the quickest signal of a trigger. */
export function leastSeconds({ watched }: Shipped, trigger: Trigger): number {
  const own = watched.filter((one) => one.rule.trigger === trigger);
  const times = own.map(({ rule }) => explainRule(rule).detectMs?.typical ?? Infinity);
  return Math.min(...times) / 1000;
}

function run(
  profile: Profile,
  shipped: Shipped,
  random: Random,
  isFollowed = true,
): { readonly events: number; readonly incidents: readonly ReplayedIncident[] } {
  const replay = createReplay(shipped.setup, replayWatching(shipped.setup));
  let events = 0;
  play(profile, shipped, random, (event) => {
    events += 1;
    replay.take(event);
    return isFollowed || events % LOOK_EVERY !== 0 || !isSettled(replay.incidents(), event.at);
  });
  return { events, incidents: replay.incidents() };
}

/** Whether the first incident is as old as it takes for a graver trigger to join it. */
function isSettled([first]: readonly ReplayedIncident[], now: number): boolean {
  return first !== undefined && now - first.provenAt > SETTLED_MS;
}

/** What was done, or else the last word. */
function gravestOf(decisions: readonly DecisionKind[]): DecisionKind {
  return (
    decisions.find((one) => one === "roll-back" || one === "restart") ?? decisions.at(-1) ?? "watch"
  );
}
