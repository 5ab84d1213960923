import type { Clock } from "./clock.ts";

/** rollwatch's own event loop: whether what it measured can be trusted. */
export interface EventLoop {
  /** Begins a measurement that nobody else empties. */
  watch(): LoopWatch;
}

/** One running measurement. */
export interface LoopWatch {
  /** The longest standstill since the last question, in ms; 0 when there was none. */
  takeLagMs(): number;
  close(): void;
}

const TICK_MS = 50;

/**
 * The event loop of this process, watched by a timer that sees how late it is: one for all watches, however many there are.
 * Not perf_hooks' `monitorEventLoopDelay`: after a reset it loses the interval that is under way, and with it a standstill
 * that begins then.
 */
export function openEventLoop(clock: Clock): EventLoop {
  const watches = new Set<Watch>();
  let closing = new AbortController();

  function close(watch: Watch): void {
    watches.delete(watch);
    if (watches.size === 0) {
      closing.abort();
    }
  }

  return {
    watch: () => {
      const watch: Watch = { since: clock.monotonic(), longest: 0 };
      watches.add(watch);
      if (watches.size === 1) {
        closing = new AbortController();
        void keepLooking(watches, clock, closing.signal);
      }
      return { takeLagMs: () => takeLag(watch, clock), close: () => close(watch) };
    },
  };
}

/** What one measurement has seen since its last question. */
interface Watch {
  since: number;
  longest: number;
}

async function keepLooking(
  watches: ReadonlySet<Watch>,
  clock: Clock,
  closing: AbortSignal,
): Promise<void> {
  while (!closing.aborted) {
    await clock.sleep(TICK_MS, closing).catch(() => undefined);
    const now = clock.monotonic();
    for (const watch of watches) {
      look(watch, now);
    }
  }
}

function look(watch: Watch, now: number): void {
  watch.longest = Math.max(watch.longest, now - watch.since - TICK_MS);
  watch.since = now;
}

function takeLag(watch: Watch, clock: Clock): number {
  look(watch, clock.monotonic());
  const taken = watch.longest;
  watch.longest = 0;
  return taken;
}
