import type { Reading } from "../model/sample.ts";

/** How fast a probe may ask: its interval times `slowness` (1..8), and not before a moment of the monotonic clock. */
export interface Pace {
  readonly slowness: number;
  readonly notBefore: number;
}

/** The pace of a probe that was never asked to slow down. */
export const FULL_PACE: Pace = { slowness: 1, notBefore: -Infinity };

const SLOWEST = 8;
/** Longest time for which a target can silence a probe; without this it could hide from it. */
const LONGEST_PAUSE_MS = 5 * 60_000;

/** The run that a reading came from, in monotonic time. */
interface Run {
  readonly due: number;
  readonly endedAt: number;
  readonly intervalMs: number;
}

/**
 * The pace after a reading. Being throttled keeps the probe away for as long as the target said, or else doubles its
 * interval; the first measurement brings the full pace back. What happened on our own side changes nothing.
 */
export function paceAfter(pace: Pace, reading: Reading, run: Run): Pace {
  if (reading.kind === "measured") {
    return FULL_PACE;
  }
  if (reading.reason !== "throttled") {
    return pace;
  }
  const { due, endedAt, intervalMs } = run;
  if (reading.retryAfterMs !== undefined) {
    const pauseMs = Math.min(reading.retryAfterMs, LONGEST_PAUSE_MS);
    return { slowness: pace.slowness, notBefore: endedAt + pauseMs };
  }
  const slowness = Math.min(pace.slowness * 2, SLOWEST);
  const pauseMs = Math.min(slowness * intervalMs, Math.max(intervalMs, LONGEST_PAUSE_MS));
  // Half an interval less: rounding must not move the next run to the tick after the one that is meant.
  return { slowness, notBefore: due + pauseMs - intervalMs / 2 };
}
