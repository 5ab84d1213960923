import type { Incident, Recovery } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import type { Daemon } from "./daemon.ts";

/** The incident of a plan that is in the journal. */
export function incidentOf(daemon: Daemon, plan: Plan): Incident {
  const incident = daemon.journal.history().incidents.find((one) => one.id === plan.incident);
  if (incident === undefined) {
    throw new Error(`plan ${plan.id} names incident ${plan.incident}, which is not in the journal`);
  }
  return incident;
}

/** What the journal says of a plan that is in it. */
export function recoveryOf(daemon: Daemon, planId: string): Recovery {
  const recovery = daemon.journal.history().recoveries.find((one) => one.plan.id === planId);
  if (recovery === undefined) {
    throw new Error(`plan ${planId} is not in the journal`);
  }
  return recovery;
}
