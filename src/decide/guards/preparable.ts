import { openIncident, type Recovery } from "../../model/history.ts";
import { allow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Plans of one incident that may be cancelled before a person must look. */
const MAX_CANCELLED = 3;

/** Whether an earlier plan of this incident could be prepared: what failed on a full disk fails again a second later. */
export const preparable: Guard = { id: "preparable", check };

function check({ history }: BreachSituation): Opinion {
  const incident = openIncident(history)?.id;
  const cancelled = history.recoveries.filter(
    ({ plan, attempts, ended }) =>
      // A plan that nobody approved was never tried.
      plan.incident === incident && ended?.result === "cancelled" && attempts.length > 0,
  );
  const failed = cancelled.find(hasFailedStep);
  if (failed !== undefined) {
    return recommend(`${failed.plan.id} could not be prepared: ${failed.ended?.reason ?? ""}`);
  }
  return cancelled.length >= MAX_CANCELLED
    ? recommend(`${cancelled.length} plans of this incident were cancelled already`)
    : allow("no preparation for this incident has failed");
}

function hasFailedStep(recovery: Recovery): boolean {
  return recovery.steps.some((step) => step.outcome?.kind === "failed");
}
