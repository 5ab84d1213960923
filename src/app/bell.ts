import { childOf, type Child } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";

/** Wakes one waiting loop early. */
export interface Bell {
  ring(): void;
  /** Returns at the next ring or after `ms`, at once when it rang since the last wait; rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A silent bell. */
export function openBell(clock: Clock): Bell {
  let hasRung = false;
  let waiting: Child | undefined;
  return {
    ring: () => {
      hasRung = true;
      waiting?.abort();
    },
    wait: async (ms, signal) => {
      waiting = childOf(signal);
      try {
        if (!hasRung) {
          await clock.sleep(ms, waiting.signal);
        }
      } catch (error) {
        if (!hasRung) {
          throw error;
        }
      } finally {
        waiting.release();
        waiting = undefined;
        hasRung = false;
      }
      signal.throwIfAborted();
    },
  };
}
