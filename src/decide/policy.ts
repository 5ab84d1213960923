import { z } from "zod";
import { Duration } from "../model/units.ts";
import { BLAME_WINDOW_MS, TIERS, type Tier } from "../model/tier.ts";
import { MODES, TRIGGER_ROWS, type Trigger } from "../model/trigger.ts";

/** What one trigger may do. */
export const TriggerPolicy = z.strictObject({
  /** `off`, `shadow` (decide, tell, do nothing), `recommend` (ask a person) or `auto` (act and tell). Default `shadow`. */
  mode: z.enum(MODES).default("shadow"),
  /** Overrides the runbook's tier of this trigger. */
  tier: z.enum(TIERS).optional(),
  /** How far back a change may lie and still be blamed. Default: the tier's (immediate 2h, fast 6h, planned 24h). */
  blameWindow: Duration.optional(),
});
export type TriggerPolicy = z.infer<typeof TriggerPolicy>;

/** What keeps automatic rollbacks rare. */
export const Brakes = z.strictObject({
  /** No automatic rollback within this time after the last one. Default 60m. */
  cooldown: Duration.prefault("60m"),
  /** Automatic rollbacks in 24 hours. Default 1. */
  rollbacksPerDay: z.int().min(1).default(1),
  /** Oldest proof of a release that is still a target; one that goes on being healthy is proven anew each day. Default 7d. */
  maxReleaseAge: Duration.prefault("7d"),
});
export type Brakes = z.infer<typeof Brakes>;

/** When rollwatch acts by itself. */
export const PolicySettings = z.strictObject({
  triggers: z.strictObject({ "system-down": TriggerPolicy.prefault({}) }).prefault({}),
  brakes: Brakes.prefault({}),
});
export type PolicySettings = z.infer<typeof PolicySettings>;

/** The tier of a trigger: the policy's, or else the runbook's. */
export function tierOf(policy: PolicySettings, trigger: Trigger): Tier {
  return policy.triggers[trigger].tier ?? TRIGGER_ROWS[trigger].tier;
}

/** How far back a change may lie and still be blamed for this trigger's breach, in milliseconds. */
export function blameWindowMsOf(policy: PolicySettings, trigger: Trigger): number {
  return policy.triggers[trigger].blameWindow ?? BLAME_WINDOW_MS[tierOf(policy, trigger)];
}
