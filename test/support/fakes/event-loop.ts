import type { EventLoop } from "../../../src/system/event-loop.ts";

/** An event loop that stands still when a test says so. */
export interface FakeEventLoop extends EventLoop {
  /** Every measurement sees a standstill of `ms` at its next question. */
  standStill(ms: number): void;
  /** Measurements that were not closed. */
  watching(): number;
}

/** An event loop that turns smoothly. */
export function fakeEventLoop(): FakeEventLoop {
  const watches = new Set<{ lagMs: number }>();
  return {
    standStill: (ms) => {
      for (const watch of watches) {
        watch.lagMs = ms;
      }
    },
    watching: () => watches.size,
    watch: () => {
      const watch = { lagMs: 0 };
      watches.add(watch);
      return {
        takeLagMs: () => {
          const taken = watch.lagMs;
          watch.lagMs = 0;
          return taken;
        },
        close: () => {
          watches.delete(watch);
        },
      };
    },
  };
}
