import type { Tier } from "./tier.ts";

/** The situations that ask for a rollback, by the runbook's names. */
export const TRIGGERS = ["system-down"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What a trigger may do by itself: nothing, decide silently, ask a person, act and tell. */
export const MODES = ["off", "shadow", "recommend", "auto"] as const;
export type Mode = (typeof MODES)[number];

/** The runbook's row for a trigger: how grave, how fast, and who decides when a person must. */
export interface TriggerRow {
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly tier: Tier;
  readonly deciders: readonly string[];
}

/** The decision matrix of the runbook. */
export const TRIGGER_ROWS: Readonly<Record<Trigger, TriggerRow>> = {
  "system-down": { severity: "critical", tier: "immediate", deciders: ["system-administrator"] },
};
