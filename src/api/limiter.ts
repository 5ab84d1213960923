/** Counts what failed within the last minute. */
export interface Limiter {
  fail(): void;
  /** Milliseconds until another try is heard; 0 when one is heard now. */
  waitMs(): number;
}

const WINDOW_MS = 60_000;

/** Allows `most` failures a minute; `monotonic` in milliseconds. */
export function openLimiter(most: number, monotonic: () => number): Limiter {
  let failures: readonly number[] = [];
  return {
    fail() {
      failures = [...failures, monotonic()].slice(-most);
    },
    waitMs() {
      const oldest = failures[0];
      if (oldest === undefined || failures.length < most) {
        return 0;
      }
      return Math.max(0, oldest + WINDOW_MS - monotonic());
    },
  };
}
