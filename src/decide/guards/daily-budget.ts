import {
  allow,
  effectiveRollbacks,
  elapsedSince,
  recommend,
  type Guard,
  type Opinion,
} from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether an automatic rollback is left for these 24 hours. */
export const dailyBudget: Guard = { id: "daily-budget", check };

function check(situation: BreachSituation): Opinion {
  const { rollbacksPerDay } = situation.policy.brakes;
  const spent = effectiveRollbacks(situation).filter(
    (one) => one.plan.requestedBy === "policy" && elapsedSince(situation, one.plannedAt) < DAY_MS,
  ).length;
  const reason = `${spent} of ${rollbacksPerDay} automatic rollbacks in the last 24 h`;
  return spent < rollbacksPerDay ? allow(reason) : recommend(reason);
}
