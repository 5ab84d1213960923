import type { Clock } from "../system/clock.ts";
import { openAlarm } from "./alarm.ts";
import type { Wake } from "./wake.ts";

/** When a probe may run next. */
export interface Until {
  /** Before this time (monotonic) no wake-up is heard. */
  readonly notBefore: number;
  /** An extra run this long after the last one, where the grid's next time is later; absent: none. */
  readonly extraMs?: number | undefined;
}

/**
 * The times at which a probe is due: every interval from a first moment on. A wake-up brings the next one forward to now, and
 * all that follow with it: no two of them lie closer together than the interval, but for the one that was woken and the one
 * before. Wake-ups less than an interval after the last one are not heard. Extra runs lie between its times and move none.
 */
export interface Grid {
  /** Waits for the next time and returns it (monotonic). Rejects with the signal's reason. */
  next(until: Until, signal: AbortSignal): Promise<number>;
  close(): void;
}

/** What a grid is laid on. */
interface GridInput {
  readonly clock: Clock;
  /** The signal that wake-ups name. */
  readonly signal: string;
  readonly intervalMs: number;
  /** How long after now it begins. */
  readonly afterMs: number;
  readonly wake?: Wake | undefined;
  /** Told of times that went by because nobody waited for them. */
  readonly onMissed: (ticks: number) => void;
  /** Told of each extra time that somebody waits for. */
  readonly onExtra: () => void;
}

/** A grid whose first time is still to come. */
export function openGrid(input: GridInput): Grid {
  const { clock, intervalMs } = input;
  const alarm = openAlarm(input.signal, clock, input.wake);
  let origin = clock.monotonic() + input.afterMs;
  let tick = -1;
  let wokenAt = -Infinity;
  let lastAt = Infinity;

  /** Skips the times that are over. */
  function advance(): number {
    const now = Math.floor((clock.monotonic() - origin) / intervalMs) + 1;
    const next = tick === -1 ? 0 : Math.max(now, tick + 1);
    if (next > tick + 1) {
      input.onMissed(next - tick - 1);
    }
    tick = next;
    return origin + tick * intervalMs;
  }

  /** The grid's next time, or an extra one before it. */
  function soonest(extraMs: number | undefined): number {
    const at = advance();
    const extra = Math.max(lastAt + (extraMs ?? Infinity), clock.monotonic());
    if (extra >= at) {
      return at;
    }
    tick -= 1;
    input.onExtra();
    return extra;
  }

  async function wait(
    { notBefore: quietUntil, extraMs }: Until,
    signal: AbortSignal,
  ): Promise<number> {
    const at = soonest(extraMs);
    const notBefore = Math.max(quietUntil, wokenAt + intervalMs);
    const why = await alarm.sleep({ at, notBefore }, signal);
    if (why === "due") {
      return at;
    }
    wokenAt = clock.monotonic();
    origin = wokenAt;
    tick = 0;
    return wokenAt;
  }

  return {
    next: async (until, signal) => {
      lastAt = await wait(until, signal);
      return lastAt;
    },
    close: () => alarm.close(),
  };
}
