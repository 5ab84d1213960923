/** Time, as one thing that can be replaced. All of `src/` reads it from here. */
export interface Clock {
  /** Wall time, ms since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps with the wall clock. */
  monotonic(): number;
  /** Waits `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts when `parent` does, or after `ms` with a TimeoutError. */
  deadline(ms: number, parent: AbortSignal): AbortSignal;
}
