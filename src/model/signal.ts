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

/**
 * When a window is bad. `all`: every one of its samples is above the limit. `share`: more than `allowed` (0..1) of its
 * requests are bad, by an exact binomial test at 1 %; with `overMs` bad means slower than that, else failed.
 */
export type WindowTest =
  | { readonly kind: "all" }
  | { readonly kind: "share"; readonly allowed: number; readonly overMs?: number };

/** Chance (0..1) below which the bad requests of a window are no accident any more: the level of the share test. */
export const SIGNIFICANCE = 0.01;

/** The fewest requests that can prove a share above `allowed` (0..1), all of them being bad; Infinity when none can. */
export function requestsNeeded(allowed: number): number {
  if (allowed >= 1) {
    return Infinity;
  }
  let requests = allowed <= 0 ? 1 : Math.ceil(Math.log(SIGNIFICANCE) / Math.log(allowed));
  while (allowed ** requests >= SIGNIFICANCE) {
    requests += 1;
  }
  return Math.max(requests, 1);
}

/** Extra runs of one probe in a minute, at most. */
export const MAX_EXTRAS = 10;

/** How a signal is confirmed after its first bad sample: probed faster, and in breach only when it was bad for `overMs` without a break. */
export interface Confirmation {
  readonly everyMs: number;
  readonly overMs: number;
}

/** Consecutive bad samples that make a breach of a signal that is confirmed faster. */
export function samplesToConfirm({ everyMs, overMs }: Confirmation, breachAfter: number): number {
  return Math.max(breachAfter, Math.ceil(overMs / everyMs) + 1);
}

/** Where a bad sample came from: rollwatch's own look, a person, another program that rollwatch believes, or that it saw nothing. */
export type EvidenceKind = "probe" | "report" | "webhook" | "blindness";

/** A limit above what the signal was before the newest change: by the share `rise` (0.25: a quarter) and by `by` in its unit, both. */
export interface RelativeLimit {
  readonly rise: number;
  readonly by: number;
}

/** Bad when both the long and the short window use the error budget up at least `rate` times too fast. */
export interface BurnPair {
  readonly longMs: number;
  readonly shortMs: number;
  readonly rate: number;
}

/** How fast an error budget (the share of requests that may be bad, 0..1) may be used up. */
export interface BurnRate {
  readonly budget: number;
  readonly pairs: readonly BurnPair[];
}

/** How a signal is judged. A value above `limit` is bad. */
export interface SignalRule {
  readonly name: string;
  readonly trigger: Trigger;
  readonly unit: string;
  readonly limit: number;
  readonly window: Window;
  readonly test: WindowTest;
  /** Samples (of counting probes: requests) a window needs before it says anything. */
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
  /** Whether the probe reads what others asked, so that little traffic leaves it without an answer. */
  readonly countsTraffic: boolean;
  /** What its breach rests on. */
  readonly evidence: EvidenceKind;
  /** Present where the limit is relative to before a change, and not known yet: then the signal says nothing. */
  readonly baseline?: RelativeLimit;
  /** Present where counted requests are judged by how fast they use up an error budget, instead of by single windows. */
  readonly burnRate?: BurnRate;
  /** For how long a probe repeats one answer; absent where each sample is measured anew. */
  readonly heldMs?: number;
  /** Present where the signal is probed faster after its first bad sample. */
  readonly confirm?: Confirmation;
}

/** What single requests took in the last five to ten minutes, in seconds, to 1 %. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** How many requests these are of. */
  readonly samples: number;
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
  /** The service that the newest measurement accuses; absent when it names none. */
  readonly service?: string;
  /** True when the signal has too few samples only because nobody asks the application much. */
  readonly quiet?: boolean;
  /** Of a breach that is judged by a share: the share (0..1) of bad requests in its last bad window, and the one allowed. */
  readonly badShare?: { readonly value: number; readonly allowed: number };
  /** Of a probe that times single requests. */
  readonly percentiles?: Percentiles;
}

/** Whether a signal speaks for a healthy application: `ok` without a bad window, or silent for want of traffic alone. */
export function isWell(signal: Signal): boolean {
  const isQuiet = signal.state === "too-few-samples" && signal.quiet === true;
  return signal.badWindows === 0 && (signal.state === "ok" || isQuiet);
}

/** A limit that is exceeded, proven over k windows. Value and limit of a signal that is judged by a share are shares, in `ratio`. */
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
  /** Of a probe that times single requests. */
  readonly percentiles?: Percentiles;
  readonly reason: string;
  /** The service that the newest measurement accuses; absent when it names none. */
  readonly service?: string;
}
