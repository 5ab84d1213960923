import { monitorEventLoopDelay } from "node:perf_hooks";
import type { PageMetric } from "./page.ts";

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

/** How long this process's event loop kept others waiting since the page before. */
export interface LoopLag {
  metrics(): readonly PageMetric[];
}

/** Watches the event loop with Node's own monitor, which keeps no process alive. */
export function watchLoop(): LoopLag {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    metrics: () => {
      const [p99, longest] = delays.count === 0 ? [0, 0] : [delays.percentile(99), delays.max];
      delays.reset();
      return [
        gauge("nodejs_eventloop_lag_p99_seconds", p99),
        gauge("nodejs_eventloop_lag_max_seconds", longest),
      ];
    },
  };
}

/** The monitor counts its own interval as a delay. */
function gauge(name: string, nanoseconds: number): PageMetric {
  const value = Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
  return { name, type: "gauge", series: [{ value }] };
}
