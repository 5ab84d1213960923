import { describe, expect, it } from "vitest";
import { upperTail } from "../../src/judge/binomial.ts";
import { explainRule } from "../../src/judge/explain.ts";
import { chanceOfRun, windowsUntilRun } from "../../src/judge/runs.ts";
import { remember, type SignalMemory } from "../../src/judge/windows.ts";
import type { Reading } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import { aRule, NOON } from "../support/builders.ts";

const WINDOW = { kind: "span", ms: 10_000 } as const;
const ALLOWED = { kind: "share", allowed: 0.05 } as const;

/** A probe every two seconds, ten-second windows, three of them: the rule of slow responses. */
const SLOW = aRule({
  trigger: "slow-responses",
  unit: "seconds",
  limit: 0.5,
  test: { ...ALLOWED, overMs: 500 },
  window: WINDOW,
  minSamples: 5,
  clearAfter: 3,
});

/** A scrape every five seconds, ten-second windows of at least twenty requests. */
const ERRORS = aRule({
  trigger: "error-rate",
  unit: "ratio",
  limit: 0.05,
  test: ALLOWED,
  countsTraffic: true,
  window: WINDOW,
  minSamples: 20,
  clearAfter: 3,
  intervalMs: 5000,
  staleAfterMs: 20_000,
});

const DOWN = aRule({ clearAfter: 3 });

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) % 2 ** 32;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A reading whose every request is bad or good. */
function readingOf(rule: SignalRule, isBad: boolean): Reading {
  const value = isBad ? rule.limit + 1 : 0;
  const total = rule.minSamples / 2;
  const counts = rule.countsTraffic ? { counts: { bad: isBad ? total : 0, total } } : {};
  return { kind: "measured", value, detail: "", ...counts };
}

/** Breaches of this many samples, of which a share is bad by accident. */
function simulate(rule: SignalRule, samples: number, share: number): number {
  const random = randomFrom(7);
  let memory: SignalMemory | undefined;
  let breaches = 0;
  for (let index = 0; index < samples; index += 1) {
    const wasBreach = memory?.state === "breach";
    const reading = readingOf(rule, random() < share);
    const at = NOON + index * rule.intervalMs;
    memory = remember(rule, memory, { signal: rule.name, at, tookMs: 0, reading });
    breaches += memory.state === "breach" && !wasBreach ? 1 : 0;
  }
  return breaches;
}

/** How long it takes until a fault that begins `offsetMs` after a sample is a breach. */
function detectedAfter(rule: SignalRule, offsetMs: number): number {
  const faultAt = NOON + 60_000 + offsetMs;
  let memory: SignalMemory | undefined;
  for (let at = NOON; ; at += rule.intervalMs) {
    const reading = readingOf(rule, at >= faultAt);
    memory = remember(rule, memory, { signal: rule.name, at, tookMs: 0, reading });
    if (memory.state === "breach") {
      return at - faultAt;
    }
  }
}

describe("the chance of a run", () => {
  it.each([
    [0.5, 1, 3, 0.875],
    [0.5, 2, 3, 0.375],
    [1, 3, 3, 1],
    [1, 3, 2, 0],
    [0, 3, 1000, 0],
  ])("at %f of %i among %i windows is %f", (chance, length, windows, expected) => {
    expect(chanceOfRun({ chance, length }, windows)).toBeCloseTo(expected, 12);
  });

  it("comes after as many windows as one waits on average", () => {
    // two heads in a row take six throws
    expect(windowsUntilRun({ chance: 0.5, length: 2 })).toBe(6);
    expect(windowsUntilRun({ chance: 1, length: 3 })).toBe(3);
    expect(windowsUntilRun({ chance: 0, length: 3 })).toBe(Infinity);
  });

  it("is why bad windows must be consecutive: the figures of an hour at 0.2 % errors and a limit of 1 %", () => {
    // One of twenty requests already is more than 1 %; there are 360 windows of ten seconds.
    const chance = upperTail(1, 20, 0.002);

    const consecutive = chanceOfRun({ chance, length: 5 }, 360);
    const cumulative = upperTail(5, 360, chance);

    expect(consecutive).toBeCloseTo(0.000_03, 5);
    expect(cumulative).toBeCloseTo(0.999, 3);
  });
});

describe("what a rule means", () => {
  it("is 0.0 false alarms a day for slow responses at 1 % truly slow requests", () => {
    const { falsePerDay, falseChancePerDay } = explainRule(SLOW);

    expect(falsePerDay.toFixed(1)).toBe("0.0");
    // three of five by accident, three times in a row, in 8640 windows
    expect(falsePerDay).toBeCloseTo(8640 * upperTail(3, 5, 0.01) ** 3, 13);
    expect(falseChancePerDay).toBeCloseTo(falsePerDay, 13);
  });

  it.each([
    // below the limit little traffic errs more often, above it much traffic sees it sooner
    [0.03, upperTail(5, 20, 0.03)],
    [0.06, upperTail(19, 200, 0.06)],
  ])("supposes the worse of little and much traffic at %f", (trueShare, worse) => {
    const { falsePerDay, assumptions } = explainRule(ERRORS, { trueShare });

    expect(falsePerDay).toBeLessThan(8640 * worse ** 3);
    expect(falsePerDay).toBeGreaterThan(0.9 * 8640 * worse ** 3);
    expect(assumptions).toContain(`${trueShare * 100} % of a healthy application's requests`);
    expect(assumptions).toContain("20 to 200 in a window");
  });

  it("tells the limit in words", () => {
    expect(explainRule(SLOW).limit).toBe(
      "more than 5 % of the requests of 10.0 s took over 500 ms, beyond chance",
    );
    expect(explainRule(ERRORS).limit).toBe(
      "more than 5 % of the requests of 10.0 s failed, beyond chance",
    );
    expect(explainRule(aRule({ unit: "value", limit: 3 })).limit).toBe("a sample is above 3");
    expect(explainRule(aRule({ unit: "ratio", limit: 0.95 })).limit).toBe("a sample is above 95 %");
    expect(explainRule(aRule({ unit: "bytes", limit: 2 ** 28, window: WINDOW })).limit).toBe(
      "every sample of 10.0 s is above 256 MiB",
    );
  });

  it("supposes one failing sample in a thousand where there are no shares", () => {
    const { falsePerDay, assumptions, limit } = explainRule(DOWN);

    expect(falsePerDay).toBeCloseTo(43_200 * 1e-9, 7);
    expect(assumptions).toContain("one sample in 1000");
    expect(limit).toBe("a sample is above 0 failures");
  });

  it.each([
    ["slow responses, two windows in a row", { ...SLOW, breachAfter: 2 }, 0.3],
    ["single samples", { ...DOWN, breachAfter: 1 }, 0.001],
  ] satisfies [string, SignalRule, number][])(
    "agrees with what the judgement makes of two days of random samples: %s",
    (_name, rule, share) => {
      const days = 2;

      const breaches = simulate(rule, days * 43_200, share);

      const expected = explainRule(rule, { trueShare: share }).falsePerDay * days;
      expect(expected).toBeGreaterThan(50);
      // four standard deviations of a count
      expect(Math.abs(breaches - expected)).toBeLessThan(4 * Math.sqrt(expected));
    },
  );

  it.each([
    ["down", DOWN],
    ["slow", SLOW],
    ["errors", ERRORS],
    ["spans of samples", aRule({ window: WINDOW, breachAfter: 2 })],
  ] satisfies [string, SignalRule][])("tells the time to detect as it is: %s", (_name, rule) => {
    const { detectMs } = explainRule(rule);

    const phases = Array.from({ length: 200 }, (_, index) => 1 + index * 100);
    const took = phases.map((offset) => detectedAfter(rule, offset));

    const { typical, worst } = detectMs ?? { typical: 0, worst: 0 };
    const mean = took.reduce((sum, one) => sum + one, 0) / took.length;
    expect(Math.max(...took)).toBeLessThanOrEqual(worst);
    expect(Math.max(...took)).toBeGreaterThan(worst - 1.5 * rule.intervalMs);
    expect(Math.abs(mean - typical)).toBeLessThanOrEqual(rule.intervalMs);
  });
});

describe("a rule that is of no use", () => {
  it.each([
    [
      { ...SLOW, window: { kind: "last" }, minSamples: 1 },
      "of 1 requests a window even all bad ones prove no share above 5 %; 2 are needed",
    ],
    [{ ...SLOW, minSamples: 6 }, "a window holds 5 samples, and minSamples asks for 6"],
    [{ ...ERRORS, minSamples: 1 }, "2 are needed"],
    [{ ...ERRORS, test: { kind: "share", allowed: 1 } }, "that is all of them"],
  ] satisfies [SignalRule, string][])("never fires: %#", (rule, expected) => {
    const explained = explainRule(rule);

    expect(explained.neverFires).toContain(expected);
    expect(explained).not.toHaveProperty("detectMs");
    expect(explained.falsePerDay).toBe(0);
  });

  it("never clears when a healthy application exceeds it nearly always", () => {
    const rule: SignalRule = { ...ERRORS, test: { kind: "share", allowed: 0 }, minSamples: 100 };

    const explained = explainRule(rule);

    expect(explained.neverClears).toContain("a breach would last longer than a day");
    expect(explained.falseChancePerDay).toBeCloseTo(1, 6);
  });

  it.each([DOWN, SLOW, ERRORS])("is none of the ordinary ones: %#", (rule) => {
    const explained = explainRule(rule);

    expect(explained).not.toHaveProperty("neverFires");
    expect(explained).not.toHaveProperty("neverClears");
  });
});

describe("a rule that is confirmed faster", () => {
  const HURRIED = aRule({ clearAfter: 3, confirm: { everyMs: 500, overMs: 2000 } });

  it("is found sooner, and asks for more bad samples than without", () => {
    const usual = explainRule(DOWN);
    const hurried = explainRule(HURRIED);

    // first bad sample after up to 2 s, then 2 s of them
    expect(hurried.detectMs).toEqual({ typical: 3000, worst: 4000 });
    expect(usual.detectMs?.typical).toBeGreaterThan(3000);
    expect(hurried.falsePerDay).toBeLessThan(usual.falsePerDay);
    expect(hurried.assumptions).toContain(
      "a pause of the application that is longer than 2.0 s is a breach",
    );
  });
});

describe("a signal whose probe repeats an answer", () => {
  const HOUR = 3_600_000;
  const HELD = aRule({ breachAfter: 1, clearAfter: 1, intervalMs: 10_000, heldMs: 6 * HOUR });

  it("has as many accidents as answers, not as samples", () => {
    const { falsePerDay, falseChancePerDay, assumptions } = explainRule(HELD);

    // Four answers a day, one in a thousand of them wrong.
    expect(falsePerDay).toBeCloseTo(0.004, 4);
    expect(falseChancePerDay).toBeCloseTo(0.004, 4);
    expect(assumptions).toContain("repeated for 360 min");
  });

  it("is not made surer by windows that hold the same answer", () => {
    const thrice = explainRule({ ...HELD, breachAfter: 3 });

    expect(thrice.falseChancePerDay).toBe(explainRule(HELD).falseChancePerDay);
  });

  it("is found as soon as before, since a new lock file is asked about at once", () => {
    const { heldMs: _held, ...fresh } = HELD;

    expect(explainRule(HELD).detectMs).toEqual(explainRule(fresh).detectMs);
  });
});
