import type { Sample } from "../model/sample.ts";
import type { SignalRule } from "../model/signal.ts";

/** What a finished window says: its limit was exceeded throughout, it was not, or there is no answer and why. */
export type FinishedWindow =
  | { readonly kind: "bad"; readonly firstBadAt: number; readonly endedAt: number }
  | { readonly kind: "good"; readonly endedAt: number }
  | { readonly kind: "probe-error" | "too-few-samples"; readonly endedAt: number };

/** The windows that a new sample finishes, and the samples of the one that it leaves unfinished. */
interface Windowing {
  readonly finished: readonly FinishedWindow[];
  readonly unfinished: readonly Sample[];
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
    return { finished: [judged(rule, [sample], sample.at + sample.tookMs, 1)], unfinished: [] };
  }
  const cell = Math.floor(sample.at / window.ms);
  const first = unfinished[0];
  const openCell = first === undefined ? cell : Math.floor(first.at / window.ms);
  if (openCell === cell) {
    return { finished: [], unfinished: [...unfinished, sample] };
  }
  const ended = judged(rule, unfinished, (openCell + 1) * window.ms, rule.minSamples);
  const empty: FinishedWindow = { kind: "too-few-samples", endedAt: cell * window.ms };
  const finished = cell > openCell + 1 ? [ended, empty] : [ended];
  return { finished, unfinished: [sample] };
}

function judged(
  rule: SignalRule,
  samples: readonly Sample[],
  endedAt: number,
  minSamples: number,
): FinishedWindow {
  const measured = samples.flatMap(({ at, reading }) =>
    reading.kind === "measured" ? [{ at, isBad: reading.value > rule.limit }] : [],
  );
  const first = measured[0];
  if (first === undefined || measured.length < minSamples) {
    const hasAbsent = measured.length < samples.length;
    return { kind: hasAbsent ? "probe-error" : "too-few-samples", endedAt };
  }
  return measured.every((one) => one.isBad)
    ? { kind: "bad", firstBadAt: first.at, endedAt }
    : { kind: "good", endedAt };
}
