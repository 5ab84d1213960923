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
 * The event loop of this process, watched by a timer that sees how late it is. Not perf_hooks' `monitorEventLoopDelay`:
 * after a reset it loses the interval that is under way, and with it a standstill that begins then.
 */
export function openEventLoop(clock: Clock): EventLoop {
  return { watch: () => watch(clock) };
}

function watch(clock: Clock): LoopWatch {
  const closing = new AbortController();
  let since = clock.monotonic();
  let longest = 0;

  function look(): void {
    const now = clock.monotonic();
    longest = Math.max(longest, now - since - TICK_MS);
    since = now;
  }

  async function keepLooking(): Promise<void> {
    while (!closing.signal.aborted) {
      await clock.sleep(TICK_MS, closing.signal).catch(() => undefined);
      look();
    }
  }

  void keepLooking();
  return {
    takeLagMs: () => {
      look();
      const taken = longest;
      longest = 0;
      return taken;
    },
    close: () => {
      closing.abort();
    },
  };
}
