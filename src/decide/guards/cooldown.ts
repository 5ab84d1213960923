import { tellDuration } from "../../model/units.ts";
import {
  allow,
  effectiveRollbacks,
  lastAt,
  recommend,
  type Guard,
  type Opinion,
} from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether enough time has passed since the last rollback, whoever asked for it. */
export const cooldown: Guard = { id: "cooldown", check };

function check(situation: BreachSituation): Opinion {
  const { now, policy } = situation;
  const { cooldown: cooldownMs } = policy.brakes;
  const last = Math.max(...effectiveRollbacks(situation).map(lastAt));
  const limit = tellDuration(cooldownMs);
  if (now - last < cooldownMs) {
    return recommend(
      `the last rollback was ${tellDuration(Math.max(now - last, 0))} ago, cool-down ${limit}`,
    );
  }
  return allow(`no rollback within the cool-down of ${limit}`);
}
