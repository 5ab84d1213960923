import { tellDuration } from "../../model/units.ts";
import { allow, blamedChanges, hold, type Guard, type Opinion } from "../guard.ts";
import { blameWindowMsOf } from "../policy.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether no change can be blamed: a restart would only start again what was changed. */
export const noChange: Guard = { id: "no-change", check };

function check(situation: BreachSituation): Opinion {
  const newest = blamedChanges(situation).at(-1);
  const window = tellDuration(blameWindowMsOf(situation.policy, situation.verdict.trigger));
  return newest === undefined
    ? allow(`nothing was changed in the ${window} before the breach began`)
    : hold(`a restart takes nothing back of what was changed: ${newest.summary.join("; ")}`);
}
