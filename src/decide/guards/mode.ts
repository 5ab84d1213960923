import { assertNever } from "../../model/assert-never.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the trigger may act by itself. */
export const mode: Guard = { id: "mode", check };

function check({ policy, verdict }: BreachSituation): Opinion {
  const { trigger } = verdict;
  const { mode: chosen } = policy.triggers[trigger];
  const reason = `the mode of ${trigger} is ${chosen}`;
  switch (chosen) {
    case "auto":
      return allow(reason);
    case "recommend":
      return recommend(`${reason}: a person decides`);
    case "off":
    case "shadow":
      return hold(`${reason}: nothing is done by itself`);
    default:
      return assertNever(chosen);
  }
}
