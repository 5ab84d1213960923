import { isBraked } from "../../model/history.ts";
import { tellTime } from "../../model/units.ts";
import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether nobody paused rollwatch. */
export const notPaused: Guard = { id: "not-paused", check };

function check({ history, now }: BreachSituation): Opinion {
  const { pause } = history;
  if (!isBraked(pause, now)) {
    return allow("nobody paused rollwatch");
  }
  const until = pause.until === null ? "until it is resumed" : `until ${tellTime(pause.until)}`;
  return hold(`${pause.by} paused rollwatch ${until}: ${pause.reason}`);
}
