import { isBraked } from "../../model/history.ts";
import { tellTime } from "../../model/units.ts";
import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether no maintenance is declared: who works on the application sees its faults himself. */
export const notInMaintenance: Guard = { id: "not-in-maintenance", check };

function check({ history, now }: BreachSituation): Opinion {
  const { maintenance } = history;
  if (!isBraked(maintenance, now)) {
    return allow("no maintenance is declared");
  }
  const { by, reason, until } = maintenance;
  const end = until === null ? "" : ` until ${tellTime(until)}`;
  return hold(`${by} declared maintenance${end}: ${reason}`);
}
