import type { Reading } from "../model/sample.ts";

/** A measuring function with a deadline: asked once per interval, never twice at the same time. */
export interface Probe {
  /** The signal it feeds. */
  readonly signal: string;
  readonly kind: string;
  readonly intervalMs: number;
  /** Longest time one run may take; the sampler aborts it then and records `watcher-lagging` or what the probe makes of it. */
  readonly timeoutMs: number;
  /** Whether it measures seconds of a request: then the time by which a run began late belongs to its value. Default false. */
  readonly timesRequests?: boolean;
  sample(signal: AbortSignal): Promise<Reading>;
}
