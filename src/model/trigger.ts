import type { Role } from "./role.ts";
import type { Tier } from "./tier.ts";

/** The situations that ask for a rollback, by the runbook's names. */
export const TRIGGERS = [
  "system-down",
  "database-connection",
  "security-vulnerability",
  "data-corruption",
  "alerting-broken",
  "slow-responses",
  "error-rate",
  "memory",
  "pool-exhausted",
  "websocket",
  "minor-functionality",
  "user-interface",
  "non-critical-feature",
  "monitoring-broken",
] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What a trigger may do by itself: nothing, decide silently, ask a person, act and tell. */
export const MODES = ["off", "shadow", "recommend", "auto"] as const;
export type Mode = (typeof MODES)[number];

/** What is done when no change is in the blame window: restart the service and then page, page at once, or only tell. */
export const CURES = ["restart", "page", "tell"] as const;
export type Cure = (typeof CURES)[number];

/** The runbook's row for a trigger: how grave, how fast, what without a change, and who decides when a person must. */
export interface TriggerRow {
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly tier: Tier;
  readonly deciders: readonly Role[];
  /** Whether each of the deciders must approve, two different people, or one of them is enough. */
  readonly everyDecider: boolean;
  readonly withoutChange: Cure;
}

/** The decision matrix of the runbook. */
export const TRIGGER_ROWS: Readonly<Record<Trigger, TriggerRow>> = {
  "system-down": row("critical", "immediate", "system-administrator", "restart"),
  "database-connection": row("critical", "immediate", "system-administrator", "page"),
  "security-vulnerability": row("critical", "immediate", "security-team", "page"),
  "data-corruption": {
    severity: "critical",
    tier: "immediate",
    deciders: ["database-administrator", "system-administrator"],
    everyDecider: true,
    withoutChange: "page",
  },
  "alerting-broken": row("critical", "immediate", "system-administrator", "restart"),
  "slow-responses": row("high", "fast", "devops-engineer", "page"),
  "error-rate": row("high", "fast", "devops-engineer", "page"),
  memory: row("high", "fast", "devops-engineer", "restart"),
  "pool-exhausted": row("high", "fast", "devops-engineer", "restart"),
  websocket: row("high", "fast", "devops-engineer", "restart"),
  "minor-functionality": row("low", "planned", "project-manager", "tell"),
  "user-interface": row("medium", "planned", "project-manager", "tell"),
  "non-critical-feature": row("low", "planned", "project-manager", "tell"),
  "monitoring-broken": row("low", "planned", "devops-engineer", "tell"),
};

function row(
  severity: TriggerRow["severity"],
  tier: Tier,
  decider: Role,
  withoutChange: Cure,
): TriggerRow {
  return { severity, tier, deciders: [decider], everyDecider: false, withoutChange };
}
