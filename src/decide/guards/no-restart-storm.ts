import { isBraked } from "../../model/history.ts";
import { tellTime } from "../../model/units.ts";
import { allow, type Guard, type Opinion, recommend } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether rollwatch itself runs steadily: one that dies again and again asks people. */
export const noRestartStorm: Guard = { id: "no-restart-storm", check };

function check({ history, now }: BreachSituation): Opinion {
  const { observing } = history;
  if (!isBraked(observing, now)) {
    return allow("rollwatch was not started again too often");
  }
  const { reason, until } = observing;
  const end = until === null ? "" : ` until ${tellTime(until)}`;
  return recommend(`rollwatch only observes${end}: ${reason}`);
}
