import type { Trigger } from "./trigger.ts";

/** The six answers about a signal. Only `breach` ever moves a rollback forward. */
export const SIGNAL_STATES = [
  "ok",
  "breach",
  "too-few-samples",
  "no-data",
  "stale",
  "probe-error",
] as const;
export type SignalState = (typeof SIGNAL_STATES)[number];

/** Samples of one evaluation: each single sample, or all samples of a span (`ms`); windows never overlap. */
export type Window = { readonly kind: "last" } | { readonly kind: "span"; readonly ms: number };

/** How a signal is judged. A value above `limit` is bad. */
export interface SignalRule {
  readonly name: string;
  readonly trigger: Trigger;
  readonly unit: string;
  readonly limit: number;
  readonly window: Window;
  /** Samples a window needs before it says anything. */
  readonly minSamples: number;
  /** k: consecutive bad windows that make a breach. */
  readonly breachAfter: number;
  /** k': consecutive good windows that end one. */
  readonly clearAfter: number;
  /** Expected time between samples. */
  readonly intervalMs: number;
  /** Age of the newest sample beyond which the signal is `stale`. */
  readonly staleAfterMs: number;
  /** The service whose deliberate stop explains silence of this signal; absent when no single one does. */
  readonly service?: string;
}

/** A signal at one moment. */
export interface Signal {
  readonly name: string;
  readonly trigger: Trigger;
  readonly state: SignalState;
  /** The newest measured value in `unit`; absent while nothing was measured. */
  readonly value?: number;
  readonly unit: string;
  readonly limit: number;
  /** Since when the signal is in this state, ms since the epoch. */
  readonly since: number;
  /** Consecutive bad windows up to now. */
  readonly badWindows: number;
  /** Consecutive good windows up to now. */
  readonly goodWindows: number;
  /**
   * The first sample of the present run of bad windows, in a breach that of the breach; absent when the last window was
   * not bad and there is no breach.
   */
  readonly firstBadAt?: number;
  /** Evidence in words: the newest reading's detail, or why there is none. */
  readonly reason: string;
}

/** A limit that is exceeded, proven over k windows. */
export interface Breach {
  readonly signal: string;
  readonly trigger: Trigger;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  /** The first bad sample. */
  readonly since: number;
  /** When the k-th bad window ended. */
  readonly provenAt: number;
  readonly reason: string;
}
