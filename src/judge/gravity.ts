import type { Breach } from "../model/signal.ts";
import { TIERS, type Tier } from "../model/tier.ts";
import type { Trigger } from "../model/trigger.ts";

/**
 * Which of several breaches of one tier names the incident: the lower, the more of the others it explains. Each row says
 * why it stands before the rows below.
 */
const EXPLAINS_OTHERS: Readonly<Record<Trigger, number>> = {
  // What is down fails every other check too.
  "system-down": 0,
  // Without its database an application that runs answers with errors, late or not at all.
  "database-connection": 1,
  // Wrong data may be why alarms stay out, not the other way round.
  "data-corruption": 2,
  "alerting-broken": 3,
  // Reported by people: whatever probes measure at the same time is better proven.
  "security-vulnerability": 4,
  // An exhausted pool makes responses wait, and then fail.
  "pool-exhausted": 5,
  // A process out of memory collects garbage instead of answering; it holds its connections longer, so the pool comes first.
  memory: 6,
  // What is slow enough runs into timeouts, which are errors.
  "slow-responses": 7,
  "error-rate": 8,
  // Sockets break when the process behind them suffers from any of the above, and seldom the other way round.
  websocket: 9,
  // One broken function may be what shows in the interface.
  "minor-functionality": 10,
  "non-critical-feature": 11,
  "user-interface": 12,
  // Says nothing about the application.
  "monitoring-broken": 13,
};

/** What names an incident. */
interface Named {
  readonly trigger: Trigger;
  readonly tier: Tier;
}

/** Whether `one` names an incident rather than `other`: of the graver tier, or within it what explains the other. */
export function isGraver(one: Named, other: Named): boolean {
  return order(one, other) < 0;
}

function order(one: Named, other: Named): number {
  return (
    TIERS.indexOf(one.tier) - TIERS.indexOf(other.tier) ||
    EXPLAINS_OTHERS[one.trigger] - EXPLAINS_OTHERS[other.trigger]
  );
}

/** The breaches of the gravest tier first, and within a tier those first that explain others. */
export function gravestFirst(
  breaches: readonly Breach[],
  tierOf: (trigger: Trigger) => Tier,
): readonly Breach[] {
  return breaches.toSorted(({ trigger: one }, { trigger: other }) =>
    order({ trigger: one, tier: tierOf(one) }, { trigger: other, tier: tierOf(other) }),
  );
}
