import { tellDuration } from "../../model/units.ts";
import { blameWindowMsOf } from "../policy.ts";
import { allow, blamedChanges, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether something was changed shortly before the breach began: without a change there is nothing to take back. */
export const changeInBlameWindow: Guard = { id: "change-in-blame-window", check };

function check(situation: BreachSituation): Opinion {
  const { verdict, policy } = situation;
  const newest = blamedChanges(situation).at(-1);
  const windowMs = blameWindowMsOf(policy, verdict.trigger);
  if (newest === undefined) {
    return recommend(
      `nothing was changed in the ${tellDuration(windowMs)} before the breach began`,
    );
  }
  const what = newest.summary.join("; ");
  return allow(`changed within ${tellDuration(windowMs)} before the breach: ${what}`);
}
