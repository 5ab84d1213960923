import {
  allow,
  effectiveRestarts,
  elapsedSince,
  recommend,
  type Guard,
  type Opinion,
} from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** Whether an automatic restart is left for each of the services, in this hour and these 24 hours. */
export const restartBudget: Guard = { id: "restart-budget", check };

function check(situation: BreachSituation): Opinion {
  const { perHour, perDay } = situation.policy.restarts;
  const spent = situation.concerned.map((service) => ({
    service,
    hour: countSince(situation, service, HOUR_MS),
    day: countSince(situation, service, DAY_MS),
  }));
  const over = spent.filter(({ hour, day }) => hour >= perHour || day >= perDay);
  return over.length === 0
    ? allow(`within ${perHour} automatic restarts an hour and ${perDay} in 24 h`)
    : recommend(
        over
          .map(
            ({ service, hour, day }) =>
              `${service} had ${hour} of ${perHour} automatic restarts in the last hour, ${day} of ${perDay} in 24 h`,
          )
          .join("; "),
      );
}

function countSince(situation: BreachSituation, service: string, ms: number): number {
  return effectiveRestarts(situation, service).filter(
    ({ plan, plannedAt }) =>
      plan.requestedBy === "policy" && elapsedSince(situation, plannedAt) < ms,
  ).length;
}
