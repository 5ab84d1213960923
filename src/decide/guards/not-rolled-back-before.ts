import { openIncident } from "../../model/history.ts";
import { isSameRelease } from "../../model/identity.ts";
import {
  allow,
  blamedChanges,
  effectiveRollbacks,
  hold,
  recommend,
  type Guard,
  type Opinion,
} from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether this would be the first rollback of the incident and of what is deployed: rolling a rollback back is how storms begin. */
export const notRolledBackBefore: Guard = { id: "not-rolled-back-before", check };

function check(situation: BreachSituation): Opinion {
  const { identity } = situation;
  const own = blamedChanges(situation).at(-1)?.plan;
  if (own !== undefined) {
    return hold(
      `the change before the breach was rollwatch's own rollback ${own}: the environment is at fault`,
    );
  }
  const recoveries = effectiveRollbacks(situation);
  const incident = openIncident(situation.history)?.id;
  const earlier = recoveries.find((one) => one.plan.incident === incident);
  if (earlier !== undefined) {
    // Not told by the release: one with a configuration file that was kept is none that was ever captured.
    return recommend(`${earlier.plan.id} did not cure this incident`);
  }
  const from = recoveries.find((one) => isSameRelease(one.plan.from, identity));
  if (from !== undefined) {
    return recommend(`what is deployed was rolled back before, by ${from.plan.id}`);
  }
  const to = recoveries.find((one) => isTarget(situation, one.plan.target));
  return to === undefined
    ? allow("what is deployed was never rolled back from or to")
    : recommend(`what is deployed was put there by a rollback, ${to.plan.id}`);
}

function isTarget(situation: BreachSituation, target: string | null): boolean {
  const release = situation.history.releases.find((one) => one.id === target);
  return release !== undefined && isSameRelease(release.identity, situation.identity);
}
