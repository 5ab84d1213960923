import type { Decision } from "../model/decision.ts";
import { elapsedLikely, type History, type Recovery, waitingRecovery } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";

/** A plan that is begun by itself unless somebody says no. */
export interface Counted {
  readonly recovery: Recovery;
  /** How much of the time to say no is left, in milliseconds; 0: none. */
  readonly leftMs: number;
}

/**
 * The plan that is counted down; undefined when there is none. Each start of rollwatch begins the countdown anew, and a clock that is
 * set does not shorten it: nobody is left less time than was said.
 */
export function countedDown(history: History, now: number): Counted | undefined {
  const recovery = waitingRecovery(history);
  const { countdownMs, rejected, askedAt } = recovery?.approval ?? {};
  if (recovery === undefined || countdownMs === undefined || askedAt === undefined) {
    return undefined;
  }
  const since = Math.max(askedAt, history.daemonStarts.at(-1) ?? askedAt);
  const leftMs = Math.max(0, countdownMs - elapsedLikely(history, since, now));
  return rejected === undefined ? { recovery, leftMs } : undefined;
}

/** Whether the plan does what was decided. */
export function isPlanOf(plan: Plan, decision: Decision): boolean {
  const { action, target, scope = "application", services = [], kinds = [] } = decision;
  const restarted = plan.steps
    .filter(({ kind }) => kind === "restart-service")
    .map(({ id }) => id.replace("restart-service:", ""));
  return action === "restart"
    ? plan.scope === "service" && isSame(restarted, services)
    : plan.scope === scope && plan.target === target && isSame(plan.kinds ?? [], kinds);
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.toSorted().join("\n") === others.toSorted().join("\n");
}
