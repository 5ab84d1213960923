import { tellDuration } from "../../model/units.ts";
import {
  allow,
  effectiveRollbacks,
  elapsedSince,
  lastAt,
  recommend,
  type Guard,
  type Opinion,
} from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether enough time has passed since the last rollback, whoever asked for it. */
export const cooldown: Guard = { id: "cooldown", check };

function check(situation: BreachSituation): Opinion {
  const { cooldown: cooldownMs } = situation.policy.brakes;
  const ages = effectiveRollbacks(situation).map((one) => elapsedSince(situation, lastAt(one)));
  const ageMs = Math.min(...ages);
  const limit = tellDuration(cooldownMs);
  if (ageMs < cooldownMs) {
    return recommend(
      `the last rollback was ${tellDuration(Math.max(ageMs, 0))} ago, cool-down ${limit}`,
    );
  }
  return allow(`no rollback within the cool-down of ${limit}`);
}
