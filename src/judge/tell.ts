import type { Counts } from "../model/sample.ts";
import type { Percentiles, SignalRule } from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";

/** A share (0..1) as people read it: `7.7 %`, `0.034 %`. */
export function tellPercent(ratio: number): string {
  const percent = ratio * 100;
  return `${Number(percent < 10 ? percent.toPrecision(2) : percent.toFixed(1))} %`;
}

/** A measured value with its unit, as people read it: `96 %`, `840 ms`, `256 MiB`, `3 failures`. */
export function tellValue(value: number, unit: string): string {
  switch (unit) {
    case "ratio":
      return tellPercent(value);
    case "seconds":
      return tellDuration(value * 1000);
    case "bytes":
      return `${Number((value / 1024 ** 2).toFixed(1))} MiB`;
    case "value":
      return String(value);
    default:
      return `${value} ${unit}`;
  }
}

/** What is bad about a request by this rule: `failed`, or `took over 500 ms`. */
export function tellFault({ test }: SignalRule): string {
  return test.kind === "share" && test.overMs !== undefined
    ? `took over ${tellDuration(test.overMs)}`
    : "failed";
}

/** A window in a sentence: `31 of 402 requests failed (7.7 %), allowed 5 %`. */
export function tellShare(rule: SignalRule, { bad, total }: Counts, allowed: number): string {
  const share = tellPercent(bad / total);
  return `${bad} of ${total} requests ${tellFault(rule)} (${share}), allowed ${tellPercent(allowed)}`;
}

/** Percentiles in short: `p50 12 ms, p95 840 ms, p99 1.2 s of 150`. */
export function tellPercentiles({ p50, p95, p99, samples }: Percentiles): string {
  const [half, most, nearlyAll] = [p50, p95, p99].map((one) => tellDuration(one * 1000));
  return `p50 ${half}, p95 ${most}, p99 ${nearlyAll} of ${samples}`;
}
