import { z } from "zod";
import { Decision } from "./decision.ts";
import { Health } from "./health.ts";
import { Change, Identity } from "./identity.ts";
import { DELIVERY_FAILURES, Notice } from "./notice.ts";
import { Plan, RECOVERY_RESULTS, StepOutcome } from "./plan.ts";
import { ROLES } from "./role.ts";
import { TIERS } from "./tier.ts";
import { MODES, TRIGGERS } from "./trigger.ts";
import { CAUSES } from "./verdict.ts";
import { Verification } from "./verification.ts";

/** How an incident ended. */
export const OUTCOMES = ["rolled-back", "recommended", "serviced", "held", "failed"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Whether a decision was right, as a person sees it. */
export const LABELS = ["right", "wrong"] as const;
export type Label = (typeof LABELS)[number];

/**
 * The entries of the journal: everything that happened and everything that is about to be done, in order. A fact that
 * announces an effect is synced before the effect begins. Facts hold no secrets.
 */
export const Fact = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("daemon-started"),
    pid: z.number(),
    version: z.string(),
    configHash: z.string(),
    /** Which run of the machine it was, and what the wall clock showed beyond the time since its start, ms; absent where unknown. */
    boot: z.object({ id: z.string(), offset: z.number() }).optional(),
  }),
  /** The wall clock was set by so much: what was waited for by its old time is waited for by the new one. `at` is in its new time. */
  z.object({ kind: z.literal("clock-set"), byMs: z.number() }),
  z.object({ kind: z.literal("daemon-stopped"), reason: z.string() }),
  /** The first look at the application, before any change that rollwatch saw; again when more can be read of the same. */
  z.object({ kind: z.literal("identity-seen"), identity: Identity }),
  z.object({ kind: z.literal("change-seen"), change: Change }),
  z.object({
    kind: z.literal("release-captured"),
    release: z.string(),
    identity: Identity,
    tag: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("release-proven"),
    release: z.string(),
    /** How it was when it was healthy; absent in journals of older versions. */
    baseline: Health.optional(),
  }),
  z.object({ kind: z.literal("release-pruned"), release: z.string() }),
  /** A security floor from now on: nothing older is gone back to without a person. Marked again: with another reason. */
  z.object({
    kind: z.literal("release-marked"),
    release: z.string(),
    by: z.string(),
    reason: z.string(),
  }),
  z.object({ kind: z.literal("release-unmarked"), release: z.string(), by: z.string() }),
  /** A person's word that a kept database is needed no longer; it is dropped after this. */
  z.object({
    kind: z.literal("aside-ended"),
    database: z.string(),
    oid: z.number().int(),
    by: z.string(),
    reason: z.string(),
  }),
  z.object({
    kind: z.literal("incident-opened"),
    incident: z.string(),
    trigger: z.enum(TRIGGERS),
    tier: z.enum(TIERS),
    mode: z.enum(MODES),
    /** The first bad sample. */
    since: z.number(),
    signals: z.array(z.string()),
    /** A person's report that opened it; absent when probes did. */
    reported: z
      .object({
        by: z.string(),
        reason: z.string(),
        /** It was opened for a plan that the person asked for, which follows. */
        forPlan: z.literal(true).optional(),
      })
      .optional(),
  }),
  /** More signals joined the breach, and it may be graver by them. */
  z.object({
    kind: z.literal("incident-grown"),
    incident: z.string(),
    trigger: z.enum(TRIGGERS),
    tier: z.enum(TIERS),
    mode: z.enum(MODES),
    signals: z.array(z.string()),
  }),
  z.object({
    kind: z.literal("judged"),
    incident: z.string(),
    cause: z.enum(CAUSES),
    evidence: z.array(z.string()),
  }),
  z.object({ kind: z.literal("decided"), incident: z.string(), decision: Decision }),
  z.object({
    kind: z.literal("planned"),
    plan: Plan,
    /** It waits for people, who are asked with the next fact: a kill between the two must not begin it. */
    waits: z.literal(true).optional(),
  }),
  /** The plan just recorded waits for people: it is not begun before they approved it. */
  z.object({
    kind: z.literal("approval-asked"),
    plan: z.string(),
    /** sha256 in hex over the whole plan: an approval is for this plan and no other. */
    hash: z.string(),
    roles: z.array(z.enum(ROLES)),
    /** Whether each role must approve, each by another person. */
    everyRole: z.boolean(),
    expiresAt: z.number(),
    /** It is begun without a word when nobody has said no for this long, in milliseconds; absent: never. */
    countdownMs: z.number().optional(),
  }),
  /** Nobody has said no to a plan while it was counted down, and the guards still allow it. */
  z.object({ kind: z.literal("countdown-over"), plan: z.string() }),
  z.object({
    kind: z.literal("approved"),
    plan: z.string(),
    by: z.string(),
    role: z.enum(ROLES),
    /** Why this person alone says yes to what takes two; absent: nobody was passed over. */
    override: z.string().optional(),
  }),
  /** Somebody's answer that counts for nothing, and why; what could not be read of it is null. */
  z.object({
    kind: z.literal("answer-refused"),
    way: z.enum(["link", "slack"]),
    by: z.string().nullable(),
    plan: z.string().nullable(),
    reason: z.string(),
  }),
  z.object({ kind: z.literal("rejected"), plan: z.string(), by: z.string(), reason: z.string() }),
  /** One per attempt; a restart in the middle of a plan makes another. */
  z.object({ kind: z.literal("recovery-started"), plan: z.string() }),
  z.object({ kind: z.literal("step-started"), plan: z.string(), step: z.string() }),
  z.object({
    kind: z.literal("step-finished"),
    plan: z.string(),
    step: z.string(),
    outcome: StepOutcome,
  }),
  z.object({
    kind: z.literal("recovery-ended"),
    plan: z.string(),
    result: z.enum(RECOVERY_RESULTS),
    reason: z.string(),
  }),
  z.object({ kind: z.literal("verified"), plan: z.string(), verification: Verification }),
  z.object({ kind: z.literal("notice-queued"), notice: Notice }),
  z.object({
    kind: z.literal("notice-delivered"),
    notice: z.string(),
    channel: z.string(),
    /** What the channel finds it by again. */
    receipt: z.string().optional(),
  }),
  z.object({
    kind: z.literal("notice-failed"),
    notice: z.string(),
    channel: z.string(),
    reason: z.enum(DELIVERY_FAILURES),
    detail: z.string(),
    /** When to try again; null when this channel gave it up. */
    retryAt: z.number().nullable(),
  }),
  z.object({
    kind: z.literal("closed"),
    incident: z.string(),
    outcome: z.enum(OUTCOMES),
    reason: z.string(),
    /** The person who closed it; absent when rollwatch did. */
    by: z.string().optional(),
  }),
  z.object({ kind: z.literal("acknowledged"), incident: z.string(), by: z.string() }),
  z.object({ kind: z.literal("noted"), incident: z.string(), by: z.string(), text: z.string() }),
  /** A task of the incident, or an item of its checklists (src/model/after-action.ts), that a person has done. */
  z.object({
    kind: z.literal("task-done"),
    incident: z.string(),
    by: z.string(),
    task: z.string(),
  }),
  /** Whether rollwatch was right about the incident, as a person sees it. */
  z.object({
    kind: z.literal("labelled"),
    incident: z.string(),
    by: z.string(),
    label: z.enum(LABELS),
  }),
  /** rollwatch died too often: nothing is done by itself until `until`, but people are asked. */
  z.object({ kind: z.literal("observing-only"), reason: z.string(), until: z.number() }),
  /** No automatic action until `until`, or until it is taken back when that is null. */
  z.object({
    kind: z.literal("paused"),
    by: z.string(),
    reason: z.string(),
    until: z.number().nullable(),
  }),
  /** Ends a pause, and that rollwatch only observes. */
  z.object({ kind: z.literal("resumed"), by: z.string() }),
  /** People work on the application until `until`: nothing is done, and its breaches wake nobody. */
  z.object({
    kind: z.literal("maintenance-started"),
    by: z.string(),
    reason: z.string(),
    until: z.number(),
  }),
  z.object({ kind: z.literal("maintenance-ended"), by: z.string() }),
]);
export type Fact = z.infer<typeof Fact>;
export type FactKind = Fact["kind"];

/** A fact with its place and time. */
export interface Entry {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly fact: Fact;
}
