import { z } from "zod";

/** Why people are told; one of a closed set, used as a metric label and for routing. */
export const NOTICE_REASONS = [
  "rollback-started",
  "rollback-verified",
  "rollback-unverified",
  "rollback-cancelled",
  "restart-started",
  "serviced",
  "restart-unhelpful",
  "restart-cancelled",
  "needs-human",
  "recommended",
  "countdown",
  "approval-given",
  "approval-rejected",
  "approval-expired",
  "reported",
  "held",
  "recovered",
  "stopped-by-person",
  "release-proven",
  "snapshot-missing",
  "disk-full",
  "pm2-unwell",
  "rows-kept",
  "paused",
  "resumed",
  "maintenance-started",
  "maintenance-ended",
  "recording-stopped",
  "restart-storm",
  "rollwatch-ended",
  "deployment-guard",
  "status-update",
  "approval-overridden",
  "approval-unanswered",
  "tasks-overdue",
  "escalated",
  "channel-test",
  "channel-proof",
  "channel-failing",
  "review-overdue",
  "status-page",
] as const;
export type NoticeReason = (typeof NOTICE_REASONS)[number];

/** `page` wakes somebody, `tell` informs. */
export const URGENCIES = ["page", "tell"] as const;

/** Something people must know. `dedupKey` is the same for the same fact, whatever crashed in between. */
export const Notice = z.object({
  id: z.string(),
  dedupKey: z.string(),
  at: z.number(),
  reason: z.enum(NOTICE_REASONS),
  urgency: z.enum(URGENCIES),
  incident: z.string().nullable(),
  title: z.string(),
  text: z.string(),
  /** The channels that must have it, by their configured names. */
  channels: z.array(z.string()),
  /** How far up it goes, where that is further than the rollback team: 2 or 3. */
  level: z.union([z.literal(2), z.literal(3)]).optional(),
  /** Delivered no sooner, in ms since the epoch: it waits for business hours. Absent: at once. */
  notBefore: z.number().optional(),
});
export type Notice = z.infer<typeof Notice>;

/** A notice on its way through one channel. */
export interface Outgoing extends Notice {
  /** The channel's own receipt for the first notice of the same incident, to which this one belongs. */
  readonly thread?: string;
  /** The plan that it asks a decision about, where the channel can prove who presses a button. */
  readonly decision?: Decidable;
}

/** A plan as it was when people were asked about it. */
export interface Decidable {
  readonly plan: string;
  /** sha256 in hex over the whole plan. */
  readonly hash: string;
}

/** Why a delivery did not succeed; a closed set, used as a metric label. */
export const DELIVERY_FAILURES = [
  "refused",
  "timeout",
  "rate-limited",
  "server-error",
  "rejected",
  "unknown",
] as const;
export type DeliveryFailure = (typeof DELIVERY_FAILURES)[number];

/** A channel's answer: it has it, try again (not before `afterMs`), or it will never take it. */
export type Delivery =
  | {
      readonly kind: "delivered";
      /** What the channel finds it by again. */
      readonly receipt?: string;
    }
  | {
      readonly kind: "retry-later";
      readonly reason: DeliveryFailure;
      readonly detail: string;
      readonly afterMs?: number;
    }
  | { readonly kind: "refused"; readonly reason: DeliveryFailure; readonly detail: string };
