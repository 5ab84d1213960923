/** First wait after a failed delivery, in milliseconds; doubles with each failure. */
const FIRST_MS = 1000;

/** Longest wait of our own choice, in milliseconds. */
const LONGEST_MS = 5 * 60_000;

/** Longest wait that a channel may ask for, in milliseconds. */
const LONGEST_ASKED_MS = 60 * 60_000;

/**
 * Milliseconds until the next try after `failures` failed ones: doubling with half of it jitter (`random` in 0..1), but
 * never sooner than the channel asked for.
 */
export function retryDelayMs(failures: number, random: number, askedMs = 0): number {
  const full = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  const own = Math.round(full * (0.5 + random / 2));
  return Math.max(own, Math.min(askedMs, LONGEST_ASKED_MS));
}
