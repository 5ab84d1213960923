import type { DecisionKind } from "../model/decision.ts";
import type { Incident, Recovery } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import { TIER_BUDGET_MS } from "../model/tier.ts";

/** The moments of a response, in their order. */
export const MILESTONES = ["detected", "decided", "acted", "restored", "verified"] as const;
export type MilestoneName = (typeof MILESTONES)[number];

/** One moment of the response; null where it was not reached, or the journal does not say. */
export interface Milestone {
  readonly name: MilestoneName;
  readonly at: number | null;
  /** Since the milestone before it that was reached, in milliseconds; of the first: since the first bad sample. */
  readonly tookMs: number | null;
  /** Since the first bad sample, in milliseconds. */
  readonly sinceStartMs: number | null;
  /** Share of the tier's budget that was used up by then; above 1: too late. */
  readonly budgetRatio: number | null;
}

/** When it was detected, decided, acted on, restored and verified, each against the budget of the incident's tier. */
export function milestonesOf(
  incident: Incident,
  recoveries: readonly Recovery[],
): readonly Milestone[] {
  const times = timesOf(incident, recoveries);
  const budgetMs = TIER_BUDGET_MS[incident.tier];
  let before = incident.since;
  return MILESTONES.map((name) => {
    const at = times[name];
    if (at === null) {
      return { name, at, tookMs: null, sinceStartMs: null, budgetRatio: null };
    }
    const sinceStartMs = at - incident.since;
    const tookMs = at - before;
    before = at;
    return { name, at, tookMs, sinceStartMs, budgetRatio: sinceStartMs / budgetMs };
  });
}

/** To wait for a moment is no decision yet, unless nothing else follows. */
const ANSWERS: ReadonlySet<DecisionKind> = new Set(["recommend", "restart", "roll-back"]);

function timesOf(
  incident: Incident,
  recoveries: readonly Recovery[],
): Readonly<Record<MilestoneName, number | null>> {
  const answer =
    incident.decisions.find(({ kind }) => ANSWERS.has(kind)) ??
    incident.decisions.find(({ kind }) => kind === "hold");
  const planned = recoveries[0]?.plannedAt ?? null;
  const proven = recoveries.find(({ verification }) => verification?.result === "proven");
  return {
    detected: incident.openedAt,
    decided: answer?.at ?? planned,
    acted: earliest(recoveries.flatMap(actsOf).map(({ startedAt }) => startedAt)),
    restored: proven === undefined ? null : restoredAt(proven),
    verified: proven?.verification?.at ?? null,
  };
}

function actsOf({ plan, steps }: Recovery): Recovery["steps"] {
  const acts = idsOf(plan, "act");
  return steps.filter(({ step }) => acts.has(step));
}

function idsOf({ steps }: Plan, phase: Plan["steps"][number]["phase"]): ReadonlySet<string> {
  return new Set(steps.filter((one) => one.phase === phase).map(({ id }) => id));
}

/** The end of the last step that changed something before the proof. */
function restoredAt(recovery: Recovery): number | null {
  const ends = actsOf(recovery).flatMap(({ finishedAt }) => finishedAt ?? []);
  return ends.length === 0 ? null : Math.max(...ends);
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}
