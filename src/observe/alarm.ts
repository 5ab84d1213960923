import { childOf, type Child } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";
import type { Wake } from "./wake.ts";

/** A sleep that a wake-up for one signal ends. A wake-up while nobody sleeps ends the next sleep. */
export interface Alarm {
  /** Returns at `at` (monotonic), or sooner when it is woken, not before `notBefore`; rejects with the signal's reason. */
  sleep(
    until: { readonly at: number; readonly notBefore: number },
    signal: AbortSignal,
  ): Promise<"due" | "woken">;
  close(): void;
}

/** An alarm for the signal of this name. */
export function openAlarm(name: string, clock: Clock, wake: Wake | undefined): Alarm {
  let isRinging = false;
  let sleeping: Child | undefined;
  const stop = wake?.onWake((signals) => {
    if (signals.has(name)) {
      isRinging = true;
      sleeping?.abort();
    }
  });

  function takeRing(): boolean {
    const wasRinging = isRinging;
    isRinging = false;
    return wasRinging;
  }

  async function lie(ms: number, signal: AbortSignal): Promise<void> {
    sleeping = childOf(signal);
    try {
      await clock.sleep(ms, sleeping.signal);
    } catch (error) {
      if (signal.aborted || !isRinging) {
        throw error;
      }
    } finally {
      sleeping.release();
      sleeping = undefined;
    }
  }

  return {
    sleep: async ({ at, notBefore }, signal) => {
      for (;;) {
        if (takeRing() && clock.monotonic() >= notBefore) {
          return "woken";
        }
        await lie(Math.max(0, at - clock.monotonic()), signal);
        if (!isRinging) {
          return "due";
        }
      }
    },
    close: () => stop?.(),
  };
}
