import type { Counts, Sample } from "../model/sample.ts";
import { SIGNIFICANCE, type SignalRule } from "../model/signal.ts";
import { upperTail } from "./binomial.ts";

/**
 * What a finished window says: bad, good, or no answer and why. `requests` are those of a window that is judged by a share.
 * `isQuiet`: every sample of it was measured, only traffic was missing.
 */
export type FinishedWindow =
  | {
      readonly kind: "bad";
      readonly firstBadAt: number;
      readonly endedAt: number;
      readonly requests?: Counts;
    }
  | { readonly kind: "good"; readonly endedAt: number }
  | { readonly kind: "probe-error"; readonly endedAt: number }
  | {
      readonly kind: "too-few-samples";
      readonly endedAt: number;
      readonly isQuiet: boolean;
      readonly samples: readonly Sample[];
    };

/** The windows that a new sample finishes, and the samples of the one that it leaves unfinished. */
interface Windowing {
  readonly finished: readonly FinishedWindow[];
  readonly unfinished: readonly Sample[];
}

/** What a measured sample brings: the requests that it stands for. */
interface Measured {
  readonly at: number;
  readonly requests: Counts;
}

/**
 * Cuts samples into disjoint windows. A `last` window is one sample. Spans lie on a grid counted from the epoch, so that
 * they never overlap and never move; a span is finished when the first sample of a later one arrives, and spans
 * without any sample count as one without an answer.
 */
export function windowOf(
  rule: SignalRule,
  unfinished: readonly Sample[],
  sample: Sample,
): Windowing {
  const { window } = rule;
  if (window.kind === "last") {
    return { finished: [judged(rule, [sample], sample.at + sample.tookMs)], unfinished: [] };
  }
  const cell = Math.floor(sample.at / window.ms);
  const first = unfinished[0];
  const openCell = first === undefined ? cell : Math.floor(first.at / window.ms);
  if (openCell === cell) {
    return { finished: [], unfinished: [...unfinished, sample] };
  }
  const ended = judged(rule, unfinished, (openCell + 1) * window.ms);
  const endedAt = cell * window.ms;
  const empty: FinishedWindow = { kind: "too-few-samples", endedAt, isQuiet: false, samples: [] };
  const finished = cell > openCell + 1 ? [ended, empty] : [ended];
  return { finished, unfinished: [sample] };
}

/** The requests that a sample stands for: the counted ones, else the one that it made itself; undefined when nothing was measured. */
export function requestsOf(rule: SignalRule, { reading }: Sample): Counts | undefined {
  if (reading.kind === "absent") {
    return undefined;
  }
  const own: Counts = { bad: reading.value > rule.limit ? 1 : 0, total: 1 };
  return rule.test.kind === "share" ? (reading.counts ?? own) : own;
}

function judged(rule: SignalRule, samples: readonly Sample[], endedAt: number): FinishedWindow {
  const measured = samples.flatMap((sample): readonly Measured[] => {
    const requests = requestsOf(rule, sample);
    return requests === undefined ? [] : [{ at: sample.at, requests }];
  });
  const requests = sum(measured);
  if (requests.total === 0 || requests.total < rule.minSamples) {
    const isComplete = measured.length === samples.length;
    return isComplete
      ? { kind: "too-few-samples", endedAt, isQuiet: rule.countsTraffic, samples }
      : { kind: "probe-error", endedAt };
  }
  const firstBad = measured.find((one) => one.requests.bad > 0);
  if (firstBad === undefined || !isBad(rule, requests)) {
    return { kind: "good", endedAt };
  }
  const bad = { kind: "bad", firstBadAt: firstBad.at, endedAt } as const;
  return rule.test.kind === "share" ? { ...bad, requests } : bad;
}

function isBad({ test }: SignalRule, { bad, total }: Counts): boolean {
  return test.kind === "all" ? bad === total : upperTail(bad, total, test.allowed) < SIGNIFICANCE;
}

function sum(measured: readonly Measured[]): Counts {
  let bad = 0;
  let total = 0;
  for (const { requests } of measured) {
    bad += requests.bad;
    total += requests.total;
  }
  return { bad, total };
}
