import { isSameRelease } from "../../model/identity.ts";
import { allow, effectiveRollbacks, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the target itself was never rolled back from. */
export const notQuarantinedTarget: Guard = { id: "not-quarantined-target", check };

function check(situation: BreachSituation): Opinion {
  const { target } = situation;
  if (target.kind === "none") {
    return hold("there is no target that could be quarantined");
  }
  const { release } = target;
  // Who puts a kept database back distrusts no release.
  const from = effectiveRollbacks(situation).find(
    ({ plan }) => plan.aside === undefined && isSameRelease(plan.from, release.identity),
  );
  return from === undefined
    ? allow(`${release.id} was never rolled back from`)
    : recommend(`${release.id} was rolled back from before, by ${from.plan.id}`);
}
