/** Where a recovery can stand; `docs/recovery.md` numbers them in this order and says what a crash means in each. */
export const RECOVERY_STATES = [
  "unplanned",
  "unasked",
  "waiting",
  "refused",
  "approved",
  "free",
  "preparing",
  "acting",
  "proven",
  "unproven",
  "completed",
  "cancelled",
  "needs-human",
] as const;
export type RecoveryState = (typeof RECOVERY_STATES)[number];

/** What the journal can say of a recovery: facts, told apart by what they mean for it. */
export const RECOVERY_EVENTS = [
  "planned",
  "planned-to-wait",
  "planned-beside",
  "asked",
  "approved-in-part",
  "approved",
  "rejected",
  "begun",
  "preparation-announced",
  "act-announced",
  "settling-announced",
  "outcome",
  "unannounced",
  "verified-proven",
  "verified-unproven",
  "ended-completed",
  "ended-cancelled",
  "ended-needs-human",
] as const;
export type RecoveryEvent = (typeof RECOVERY_EVENTS)[number];

type Row<To> = Readonly<Record<RecoveryEvent, To>>;

const NOTHING: Row<"impossible"> = {
  planned: "impossible",
  "planned-to-wait": "impossible",
  "planned-beside": "impossible",
  asked: "impossible",
  "approved-in-part": "impossible",
  approved: "impossible",
  rejected: "impossible",
  begun: "impossible",
  "preparation-announced": "impossible",
  "act-announced": "impossible",
  "settling-announced": "impossible",
  outcome: "impossible",
  unannounced: "impossible",
  "verified-proven": "impossible",
  "verified-unproven": "impossible",
  "ended-completed": "impossible",
  "ended-cancelled": "impossible",
  "ended-needs-human": "impossible",
};

/** A plan that may have nothing to do before its proof is verified without having acted. */
const VERIFIED = { "verified-proven": "proven", "verified-unproven": "unproven" } as const;
const BEGINNABLE = {
  begun: "preparing",
  ...VERIFIED,
  "ended-cancelled": "cancelled",
  "ended-needs-human": "needs-human",
} as const;

/**
 * What each event does in each state. The journal takes no fact that is `impossible` here, so that nothing is done that
 * the next start could not go on with.
 */
export const RECOVERY_TRANSITIONS: Readonly<
  Record<RecoveryState, Row<RecoveryState | "impossible">>
> = {
  unplanned: { ...NOTHING, planned: "free", "planned-to-wait": "unasked" },
  unasked: { ...NOTHING, asked: "waiting", "ended-cancelled": "cancelled" },
  waiting: {
    ...NOTHING,
    "approved-in-part": "waiting",
    approved: "approved",
    rejected: "refused",
    "ended-cancelled": "cancelled",
  },
  refused: { ...NOTHING, "ended-cancelled": "cancelled" },
  approved: { ...NOTHING, ...BEGINNABLE, rejected: "refused" },
  free: { ...NOTHING, ...BEGINNABLE },
  preparing: {
    ...NOTHING,
    ...BEGINNABLE,
    "preparation-announced": "preparing",
    "act-announced": "acting",
    outcome: "preparing",
  },
  acting: {
    ...NOTHING,
    ...VERIFIED,
    begun: "acting",
    "act-announced": "acting",
    outcome: "acting",
    "ended-needs-human": "needs-human",
  },
  proven: {
    ...NOTHING,
    begun: "proven",
    "settling-announced": "proven",
    outcome: "proven",
    "ended-completed": "completed",
    "ended-needs-human": "needs-human",
  },
  unproven: { ...NOTHING, "ended-needs-human": "needs-human" },
  completed: NOTHING,
  cancelled: NOTHING,
  "needs-human": NOTHING,
};
