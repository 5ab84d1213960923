import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withSample } from "../../src/judge/burn-rate.ts";
import { explainRule } from "../../src/judge/explain.ts";
import { signalAt } from "../../src/judge/signal-at.ts";
import { afterClockSet, cut, remember, type SignalMemory } from "../../src/judge/windows.ts";
import type { Sample } from "../../src/model/sample.ts";
import type { Signal } from "../../src/model/signal.ts";
import { aRule, NOON } from "../support/builders.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PAIRS = [
  { longMs: HOUR, shortMs: 5 * MINUTE, rate: 14.4 },
  { longMs: 6 * HOUR, shortMs: 30 * MINUTE, rate: 6 },
];
const BURN = { budget: 0.001, pairs: PAIRS };

/** A scrape a minute, at an objective of 99.9 %. */
const RULE = aRule({
  name: "errors",
  trigger: "error-rate",
  unit: "ratio",
  limit: 0.001,
  test: { kind: "share", allowed: 0.001 },
  countsTraffic: true,
  minSamples: 100,
  breachAfter: 1,
  clearAfter: 1,
  intervalMs: MINUTE,
  staleAfterMs: 10 * MINUTE,
  burnRate: BURN,
});

function aScrape(at: number, bad: number, total: number): Sample {
  const reading = { kind: "measured", value: 0, detail: "", counts: { bad, total } } as const;
  return { signal: "errors", at, tookMs: 0, reading };
}

/** A minute each: of a thousand requests so many fail. */
function memoryOf(
  failing: readonly number[],
  before?: SignalMemory,
  from = NOON,
): SignalMemory | undefined {
  let memory = before;
  for (const [minute, bad] of failing.entries()) {
    memory = remember(RULE, memory, aScrape(from + minute * MINUTE, bad, 1000));
  }
  return memory;
}

function signalOf(memory: SignalMemory | undefined): Signal {
  const now = memory?.endedAt ?? NOON;
  return signalAt(RULE, memory, { now, stoppedByPerson: false });
}

function minutes(count: number, bad: number): readonly number[] {
  return Array.from({ length: count }, () => bad);
}

describe("a burn rate", () => {
  it("is no breach while both windows of each pair are within the budget's rate", () => {
    expect(signalOf(memoryOf(minutes(400, 5)))).toMatchObject({ state: "ok" });
  });

  it("is a breach when the hour and its last five minutes burn 14.4 times too fast", () => {
    const healthy = minutes(60, 0);

    // 14.4 of 1000 over 60 minutes are 864 failures
    expect(signalOf(memoryOf([...healthy, ...minutes(8, 100)])).state).toBe("ok");
    expect(signalOf(memoryOf([...healthy, ...minutes(9, 100)])).state).toBe("breach");
  });

  it("is a breach when six hours burn six times too fast, however slowly", () => {
    expect(signalOf(memoryOf(minutes(361, 7))).state).toBe("breach");
  });

  it("is over when it does not go on: the long window alone is the past", () => {
    const burnt = [...minutes(60, 0), ...minutes(20, 100)];

    expect(signalOf(memoryOf(burnt)).state).toBe("breach");
    expect(signalOf(memoryOf([...burnt, ...minutes(31, 0)])).state).toBe("ok");
  });

  it("says nothing of the first minutes, and nothing of a time without traffic", () => {
    const silent = { state: "too-few-samples", quiet: true };

    expect(signalOf(memoryOf(minutes(20, 1000)))).toMatchObject(silent);
    const night = remember(RULE, memoryOf(minutes(90, 0)), aScrape(NOON + 96 * MINUTE, 1, 1));
    expect(signalOf(night)).toMatchObject(silent);
  });

  it("begins where it began, so that a later change is not blamed", () => {
    const signal = signalOf(memoryOf([...minutes(60, 0), ...minutes(9, 100)]));

    expect(signal.firstBadAt).toBeGreaterThanOrEqual(NOON + 60 * MINUTE);
    expect(signal.firstBadAt).toBeLessThan(NOON + 61 * MINUTE);
    expect(signal.reason).toContain("failed");
  });

  it("outlives a change of the release and a clock that was set", () => {
    const before = memoryOf(minutes(60, 0));
    const after = before === undefined ? undefined : afterClockSet(cut(before), -3 * HOUR);

    const signal = signalOf(memoryOf(minutes(9, 100), after, NOON - 2 * HOUR));

    expect(signal.state).toBe("breach");
  });

  it("takes no more room than 720 pieces and loses no request of its longest window", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 10 * MINUTE }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(gaps, (waits) => {
        let pieces: ReturnType<typeof withSample> = [];
        let at = NOON;
        const times = waits.map((wait) => {
          at += wait;
          pieces = withSample(BURN, pieces, aScrape(at, 1, 2));
          return at;
        });

        const inside = times.filter((one) => one > at - 6 * HOUR).length;
        const counted = pieces.reduce((sum, piece) => sum + piece.total, 0) / 2;
        expect(pieces.length).toBeLessThanOrEqual(721);
        // the oldest piece may hold what is older by a piece, or be left out as a whole
        expect(Math.abs(counted - inside)).toBeLessThanOrEqual(
          times.filter((one) => Math.abs(one - (at - 6 * HOUR)) <= MINUTE).length,
        );
      }),
    );
  });

  it("is explained with its chances", () => {
    const explanation = explainRule(RULE);

    expect(explanation.limit).toContain(
      "1.4 % of the requests (14.4 times the budget) failed over 60 min and over 5 min",
    );
    expect(explanation.falsePerDay).toBeLessThan(0.001);
    // everything failing: 1.44 % of the hour
    expect(explanation.detectMs?.worst).toBe(51_840 + MINUTE);
  });

  it("that is faster than everything failing is said never to fire", () => {
    const lax = { budget: 0.5, pairs: PAIRS };

    expect(explainRule({ ...RULE, burnRate: lax }).neverFires).toContain("everything fails");
  });
});
