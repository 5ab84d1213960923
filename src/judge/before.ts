import type { Before } from "../model/identity.ts";
import type { Counts, Sample } from "../model/sample.ts";
import type { SignalRule } from "../model/signal.ts";
import { openRecent, type Recent } from "./recent.ts";

/** What is compared with later was measured in this time before the change, and at most twice as much. */
const SPAN_MS = 30 * 60_000;
/** Fewer samples say nothing of what is usual. */
const LEAST_SAMPLES = 100;
/** Of values that are no share of requests: what they lie below for this share of the time. */
const USUALLY = 0.95;

/** What signals with a relative limit measure while all is well, so that it is there when something is changed. */
export interface BeforeBook {
  take(rule: SignalRule, sample: Sample): void;
  /** What each signal was until now, where enough was measured, and begins anew. */
  close(at: number): Readonly<Record<string, Before>>;
}

/** A book without a sample. */
export function openBefore(rules: readonly SignalRule[]): BeforeBook {
  const compared = rules.filter((rule) => rule.baseline !== undefined);
  let pages = pagesOf(compared);
  return {
    take: (rule, sample) => pages.get(rule.name)?.take(sample),
    close: (at) => {
      const found = [...pages].flatMap(([name, page]) => {
        const before = page.before(at);
        return before === undefined ? [] : [[name, before] as const];
      });
      pages = pagesOf(compared);
      return Object.fromEntries(found);
    },
  };
}

interface Page {
  take(sample: Sample): void;
  before(at: number): Before | undefined;
}

function pagesOf(rules: readonly SignalRule[]): ReadonlyMap<string, Page> {
  return new Map(
    rules.map((rule) => [rule.name, rule.countsTraffic ? sharePage() : valuePage(rule)]),
  );
}

/** The value that most samples stay below: for requests the one that the allowed share of them exceeds. */
function valuePage({ test }: SignalRule): Page {
  const recent: Recent = openRecent(SPAN_MS);
  const quantile = test.kind === "share" ? 1 - test.allowed : USUALLY;
  return {
    take: ({ at, reading }) => {
      if (reading.kind === "measured") {
        recent.add(reading.value, at);
      }
    },
    before: (at) => {
      const samples = recent.count(at);
      const value = recent.quantile(quantile, at);
      return value === undefined || samples < LEAST_SAMPLES ? undefined : { value, samples };
    },
  };
}

/** The share of requests that were bad. */
function sharePage(): Page {
  let halves: readonly (Counts & { readonly from: number })[] = [];
  return {
    take: ({ at, reading }) => {
      if (reading.kind === "measured" && reading.counts !== undefined) {
        halves = withCounts(halves, reading.counts, at);
      }
    },
    before: () => {
      let [bad, total] = [0, 0];
      for (const half of halves) {
        bad += half.bad;
        total += half.total;
      }
      return total < LEAST_SAMPLES ? undefined : { value: bad / total, samples: total };
    },
  };
}

function withCounts(
  halves: readonly (Counts & { readonly from: number })[],
  { bad, total }: Counts,
  at: number,
): readonly (Counts & { readonly from: number })[] {
  const newest = halves.at(-1);
  return newest === undefined || Math.abs(at - newest.from) >= SPAN_MS
    ? [...halves.slice(-1), { bad, total, from: at }]
    : [
        ...halves.slice(0, -1),
        { bad: newest.bad + bad, total: newest.total + total, from: newest.from },
      ];
}
