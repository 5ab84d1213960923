/** Every word that the public page says of an incident; none of them tells what is inside. */

import type { Incident, Recovery } from "../../model/history.ts";
import type { ComponentState, Impact } from "../../model/public-page.ts";
import type { Trigger } from "../../model/trigger.ts";

interface PublicTrouble {
  readonly name: string;
  readonly state: ComponentState;
}

/** What each situation is for those outside. A weakness or damaged data is not announced before it is cured. */
const TROUBLE: Readonly<Record<Trigger, PublicTrouble>> = {
  "system-down": { name: "Service unavailable", state: "major_outage" },
  "database-connection": { name: "Service unavailable", state: "major_outage" },
  "security-vulnerability": { name: "Unplanned maintenance", state: "partial_outage" },
  "data-corruption": { name: "Unplanned maintenance", state: "partial_outage" },
  "alerting-broken": { name: "Alerts are delayed", state: "partial_outage" },
  "slow-responses": { name: "Slow responses", state: "degraded_performance" },
  "error-rate": { name: "Requests fail", state: "partial_outage" },
  memory: { name: "Degraded performance", state: "degraded_performance" },
  "pool-exhausted": { name: "Degraded performance", state: "degraded_performance" },
  websocket: { name: "Live updates interrupted", state: "partial_outage" },
  "minor-functionality": { name: "Limited functionality", state: "degraded_performance" },
  "user-interface": { name: "Limited functionality", state: "degraded_performance" },
  "non-critical-feature": { name: "Limited functionality", state: "degraded_performance" },
  "monitoring-broken": { name: "Unplanned maintenance", state: "degraded_performance" },
};

const IMPACT: Readonly<Record<ComponentState, Impact>> = {
  operational: "none",
  degraded_performance: "minor",
  partial_outage: "major",
  major_outage: "critical",
  under_maintenance: "none",
};

/** How the public is told of an incident of this trigger. */
export function publicTrouble(trigger: Trigger): PublicTrouble {
  return TROUBLE[trigger];
}

/** How grave it is when a part is in this state. */
export function impactOf(state: ComponentState): Impact {
  return IMPACT[state];
}

export const INVESTIGATING = "We have noticed a problem and are looking into it.";

export const CALLED_OFF = "The repair was not carried out. We are still watching.";

export const BY_HAND =
  "The system could not be brought back automatically. Our team is working on it.";

/** While a recovery is under way; the runbook's word for a rollback. */
export function underWay({ plan }: Recovery): string {
  return plan.target === null
    ? "The cause is known. Parts of the system are being restarted."
    : "SYSTEM UNDERGOING ROLLBACK. The cause is known, and the last working version is being put back.";
}

/** When a recovery has done its work. */
export function watched({ plan }: Recovery): string {
  return plan.target === null
    ? "The restart is complete. We are watching the system."
    : "The rollback is complete. We are watching the system.";
}

/** When it is over. */
export function over({ closed }: Incident): string {
  if (closed?.outcome === "rolled-back") {
    return "The last working version is back, and the system works as usual.";
  }
  return closed?.outcome === "serviced"
    ? "Parts of the system were restarted, and it works as usual."
    : "The problem is over, and the system works as usual.";
}
