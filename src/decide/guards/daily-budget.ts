import { allow, effectiveRollbacks, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether an automatic rollback is left for these 24 hours. */
export const dailyBudget: Guard = { id: "daily-budget", check };

function check(situation: BreachSituation): Opinion {
  const { now, policy } = situation;
  const { rollbacksPerDay } = policy.brakes;
  const spent = effectiveRollbacks(situation).filter(
    (one) => one.plan.requestedBy === "policy" && now - one.plannedAt < DAY_MS,
  ).length;
  const reason = `${spent} of ${rollbacksPerDay} automatic rollbacks in the last 24 h`;
  return spent < rollbacksPerDay ? allow(reason) : recommend(reason);
}
