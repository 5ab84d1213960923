import { openIncident } from "../../model/history.ts";
import { allow, effectiveRestarts, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether this would be the first restart of the incident: one that did not help helps no second time. */
export const notRestartedBefore: Guard = { id: "not-restarted-before", check };

function check(situation: BreachSituation): Opinion {
  const incident = openIncident(situation.history)?.id;
  const earlier = situation.concerned
    .flatMap((service) => effectiveRestarts(situation, service))
    .find(({ plan }) => plan.incident === incident);
  return earlier === undefined
    ? allow("nothing was restarted in this incident")
    : hold(`the restart did not cure it (${earlier.plan.id})`);
}
