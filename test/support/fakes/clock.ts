import { setMaxListeners } from "node:events";
import type { Clock } from "../../../src/system/clock.ts";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves time, firing what falls due in order and letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** The process hangs for `ms`: time passes first, what fell due meanwhile fires afterwards, late. */
  stall(ms: number): Promise<void>;
  /** Moves the wall clock alone, as an administrator or NTP does. */
  jumpWall(ms: number): void;
  /** The machine is started anew: what was counted since its start is counted from here. */
  reboot(): void;
  /** Lets promises settle without moving time. */
  settle(): Promise<void>;
  /** Sleeps and deadlines that are still to come. */
  pending(): number;
}

interface Timer {
  readonly due: number;
  readonly fire: () => void;
}

/** Waits until the work under way outside the clock, such as reading a real file, is over; tells whether there was any. */
export type OutsideWork = () => Promise<boolean>;

/**
 * A manual clock whose wall time begins at `startAt`, ms since the epoch. Time stands still while `outside` says that
 * something is under way, so that a slow disk changes no test.
 */
export function createManualClock(
  startAt = Date.UTC(2026, 10, 22, 12, 0, 0),
  outside: OutsideWork = noOutsideWork,
): ManualClock {
  let elapsed = 0;
  let wall = startAt;
  let boots = 1;
  let bootedAt = 0;
  let timers: readonly Timer[] = [];

  function start(ms: number, fire: () => void): () => void {
    const timer = { due: elapsed + Math.max(ms, 0), fire };
    timers = [...timers, timer];
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  }

  async function sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    setMaxListeners(0, signal);
    await new Promise<void>((resolve) => {
      function done(): void {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      }
      const cancel = start(ms, done);
      signal.addEventListener("abort", done, { once: true });
    });
    signal.throwIfAborted();
  }

  function deadline(ms: number, parent: AbortSignal): AbortSignal {
    if (parent.aborted) {
      return AbortSignal.abort(parent.reason);
    }
    const controller = new AbortController();
    function onParent(): void {
      cancel();
      controller.abort(parent.reason);
    }
    const cancel = start(ms, () => {
      cancel();
      parent.removeEventListener("abort", onParent);
      controller.abort(new DOMException(`timed out after ${ms} ms`, "TimeoutError"));
    });
    setMaxListeners(0, parent);
    parent.addEventListener("abort", onParent, { once: true });
    return controller.signal;
  }

  async function settle(): Promise<void> {
    do {
      await turnTwice();
    } while (await outside());
  }

  async function fireDue(): Promise<void> {
    for (;;) {
      await settle();
      const next = earliest(timers);
      if (next === undefined || next.due > elapsed) {
        return;
      }
      timers = timers.filter((one) => one !== next);
      next.fire();
    }
  }

  return {
    now: () => wall + elapsed,
    monotonic: () => elapsed,
    boot: () => ({ id: `boot ${boots}`, ms: elapsed - bootedAt }),
    sleep,
    deadline,
    settle,
    pending: () => timers.length,
    reboot: () => {
      boots += 1;
      bootedAt = elapsed;
    },
    jumpWall: (ms) => {
      wall += ms;
    },
    stall: async (ms) => {
      await settle();
      elapsed += ms;
      await fireDue();
    },
    advance: async (ms) => {
      const target = elapsed + ms;
      await fireDue();
      for (let next = earliest(timers); next !== undefined && next.due <= target;) {
        elapsed = Math.max(elapsed, next.due);
        await fireDue();
        next = earliest(timers);
      }
      elapsed = target;
    },
  };
}

function earliest(timers: readonly Timer[]): Timer | undefined {
  return timers.toSorted((a, b) => a.due - b.due)[0];
}

/** Two turns of the event loop: every chain of promises that waits for nothing else is at its end. */
async function turnTwice(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function noOutsideWork(): Promise<boolean> {
  return false;
}
