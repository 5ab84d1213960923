/** How fast a rollback must be over, from the first bad sample. */
export const TIERS = ["immediate", "fast", "planned"] as const;
export type Tier = (typeof TIERS)[number];

const MINUTE = 60_000;

/** The runbook's budget of each tier, in milliseconds from the first bad sample to a verified system. */
export const TIER_BUDGET_MS: Readonly<Record<Tier, number>> = {
  immediate: 5 * MINUTE,
  fast: 15 * MINUTE,
  planned: 60 * MINUTE,
};

/** How far back a change may lie and still be blamed for a breach, in milliseconds. */
export const BLAME_WINDOW_MS: Readonly<Record<Tier, number>> = {
  immediate: 2 * 60 * MINUTE,
  fast: 6 * 60 * MINUTE,
  planned: 24 * 60 * MINUTE,
};
