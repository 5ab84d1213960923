import { tellDuration, tellTime } from "../../model/units.ts";
import { allow, blamedChanges, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the application was free of this breach before the change: what was sick before is not the change's doing. */
export const notBeforeChange: Guard = { id: "not-before-change", check };

function check(situation: BreachSituation): Opinion {
  const newest = blamedChanges(situation).at(-1);
  if (newest === undefined) {
    return allow("there is no change that it could have been there before");
  }
  const { since, history, verdict } = situation;
  if (since < newest.after) {
    return recommend(
      `the incident began ${tellDuration(newest.after - since)} before the change that would be blamed`,
    );
  }
  const earlier = history.incidents.find(
    (incident) =>
      incident.trigger === verdict.trigger &&
      (incident.closed === undefined ? since : incident.since) < newest.after &&
      (incident.closed === undefined || incident.closed.at > newest.after),
  );
  return earlier === undefined
    ? allow("the same breach was not there before the change")
    : recommend(
        `${earlier.id} was open with the same breach since ${tellTime(earlier.since)}, before the change`,
      );
}
