import type { Sample } from "../model/sample.ts";
import type { Percentiles, SignalRule } from "../model/signal.ts";
import { openRecent, type Recent } from "./recent.ts";

/** Percentiles are told of this time and at most twice as much. */
const SPAN_MS = 5 * 60_000;

/** What single requests took lately, by signal; bounded however many there were. */
export interface PercentileBook {
  take(rule: SignalRule, sample: Sample): void;
  of(name: string): Percentiles | undefined;
}

/** A book without a sample. */
export function openPercentiles(): PercentileBook {
  const recents = new Map<string, Recent>();
  const told = new Map<string, Percentiles>();
  return {
    take: (rule, { at, reading }) => {
      if (!timesRequests(rule) || reading.kind === "absent") {
        return;
      }
      const recent = recents.get(rule.name) ?? openRecent(SPAN_MS);
      recents.set(rule.name, recent);
      recent.add(reading.value, at);
      told.set(rule.name, percentilesOf(recent, at));
    },
    of: (name) => told.get(name),
  };
}

function timesRequests({ unit, test, countsTraffic }: SignalRule): boolean {
  return unit === "seconds" && test.kind === "share" && !countsTraffic;
}

function percentilesOf(recent: Recent, at: number): Percentiles {
  return {
    p50: recent.quantile(0.5, at) ?? 0,
    p95: recent.quantile(0.95, at) ?? 0,
    p99: recent.quantile(0.99, at) ?? 0,
    samples: recent.count(at),
  };
}
