import { z } from "zod";
import { Duration, PositiveDuration } from "../model/units.ts";
import { BLAME_WINDOW_MS, TIERS, type Tier } from "../model/tier.ts";
import { ROLES, type Role } from "../model/role.ts";
import { type Mode, MODES, TRIGGER_ROWS, type Trigger } from "../model/trigger.ts";

/** A leak takes longer to show than other faults. */
const MEMORY_BLAME_MS = BLAME_WINDOW_MS.planned;

/** Of the five minutes that an immediate rollback has, most must be left for it. */
const LONGEST_COUNTDOWN_MS = 2 * 60_000;

/** What one trigger may do. */
export const TriggerPolicy = z.strictObject({
  /** `off`, `shadow` (decide, tell, do nothing), `recommend` (ask a person) or `auto` (act and tell). Default `shadow`. */
  mode: z.enum(MODES).default("shadow"),
  /**
   * With `auto`, this long people are told what will be done before it is done, and one no of those who decide stops it; at most 2m.
   * Default 0s: it is done at once.
   */
  countdown: Duration.refine((ms) => ms <= LONGEST_COUNTDOWN_MS, "expected at most 2m").prefault(
    "0s",
  ),
  /** Overrides the runbook's tier of this trigger. */
  tier: z.enum(TIERS).optional(),
  /** How far back a change may lie and still be blamed. Default: the tier's (immediate 2h, fast 6h, planned 24h), of memory 24h. */
  blameWindow: Duration.optional(),
  /** Who decides where a person must. Default: the runbook's. */
  deciders: z.array(z.enum(ROLES)).min(1).optional(),
});
export type TriggerPolicy = z.infer<typeof TriggerPolicy>;

/** When rollwatch, started again and again after an unclean end, only observes. */
export const RestartStorm = z.strictObject({
  /** Starts after an unclean end that are borne within `within`; with one more it only observes. At most 19. Default 3. */
  starts: z.int().min(1).max(19).default(3),
  /** Default 10m. */
  within: PositiveDuration.prefault("10m"),
  /** It acts again this long after the last such start, or when a person resumes it. Default 1h. */
  quiet: PositiveDuration.prefault("1h"),
});
export type RestartStorm = z.infer<typeof RestartStorm>;

/** What keeps automatic rollbacks rare. */
export const Brakes = z.strictObject({
  /** No automatic rollback within this time after the last one. Default 60m. */
  cooldown: Duration.prefault("60m"),
  /** Automatic rollbacks in 24 hours. Default 1. */
  rollbacksPerDay: z.int().min(1).default(1),
  /** Oldest proof of a release that is still a target; one that goes on being healthy is proven anew each day. Default 7d. */
  maxReleaseAge: PositiveDuration.prefault("7d"),
  restartStorm: RestartStorm.prefault({}),
});
export type Brakes = z.infer<typeof Brakes>;

/** What keeps automatic restarts of one service rare; they have a budget of their own. */
export const RestartBrakes = z.strictObject({
  /** Automatic restarts of a service in one hour. Default 1. */
  perHour: z.int().min(0).default(1),
  /** Automatic restarts of a service in 24 hours. Default 3. */
  perDay: z.int().min(0).default(3),
});
export type RestartBrakes = z.infer<typeof RestartBrakes>;

/** How people's approval is asked for. */
export const ApprovalSettings = z.strictObject({
  /** How long a plan waits for its approval; what is deployed and the breach are looked at again when it is given. Default 30m. */
  expires: PositiveDuration.prefault("30m"),
  /** A plan that waits is asked about again this often, of everybody; 0s: once. Default 10m. */
  askAgain: Duration.prefault("10m"),
});
export type ApprovalSettings = z.infer<typeof ApprovalSettings>;

const TriggerPolicies = z.strictObject({
  "system-down": TriggerPolicy.prefault({}),
  "database-connection": TriggerPolicy.prefault({}),
  "security-vulnerability": TriggerPolicy.prefault({}),
  "data-corruption": TriggerPolicy.prefault({}),
  "alerting-broken": TriggerPolicy.prefault({}),
  "slow-responses": TriggerPolicy.prefault({}),
  "error-rate": TriggerPolicy.prefault({}),
  memory: TriggerPolicy.prefault({}),
  "pool-exhausted": TriggerPolicy.prefault({}),
  websocket: TriggerPolicy.prefault({}),
  "minor-functionality": TriggerPolicy.prefault({}),
  "user-interface": TriggerPolicy.prefault({}),
  "non-critical-feature": TriggerPolicy.prefault({}),
  "monitoring-broken": TriggerPolicy.prefault({}),
} satisfies Readonly<Record<Trigger, unknown>>);

/** When rollwatch acts by itself. */
export const PolicySettings = z.strictObject({
  triggers: TriggerPolicies.prefault({}),
  brakes: Brakes.prefault({}),
  restarts: RestartBrakes.prefault({}),
  approval: ApprovalSettings.prefault({}),
});
export type PolicySettings = z.infer<typeof PolicySettings>;

/** What a trigger may do by itself. */
export function modeOf(policy: PolicySettings, trigger: Trigger): Mode {
  return policy.triggers[trigger].mode;
}

/** The tier of a trigger: the policy's, or else the runbook's. */
export function tierOf(policy: PolicySettings, trigger: Trigger): Tier {
  return policy.triggers[trigger].tier ?? TRIGGER_ROWS[trigger].tier;
}

/** How far back a change may lie and still be blamed for this trigger's breach, in milliseconds. */
export function blameWindowMsOf(policy: PolicySettings, trigger: Trigger): number {
  const usual = trigger === "memory" ? MEMORY_BLAME_MS : BLAME_WINDOW_MS[tierOf(policy, trigger)];
  return policy.triggers[trigger].blameWindow ?? usual;
}

/** The roles that decide about a trigger where a person must: the policy's, or else the runbook's. */
export function decidersOf(policy: PolicySettings, trigger: Trigger): readonly Role[] {
  return policy.triggers[trigger].deciders ?? TRIGGER_ROWS[trigger].deciders;
}
