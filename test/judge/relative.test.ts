import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openBefore } from "../../src/judge/before.ts";
import { comparedRule, relativeRule } from "../../src/judge/relative.ts";
import { explainRule } from "../../src/judge/explain.ts";
import type { Change } from "../../src/model/identity.ts";
import type { Counts } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import { aChange, aRule, NOON } from "../support/builders.ts";

const HOUR = 3_600_000;
const BASELINE = { rise: 0.25, by: 0.05 };
const VALUE = aRule({ unit: "seconds", baseline: BASELINE });
const LATENCY = aRule({
  unit: "seconds",
  window: { kind: "span", ms: 10_000 },
  test: { kind: "share", allowed: 0.05, overMs: 0 },
  baseline: BASELINE,
});
const ERRORS = aRule({
  unit: "ratio",
  window: { kind: "span", ms: 10_000 },
  test: { kind: "share", allowed: 0 },
  countsTraffic: true,
  baseline: { rise: 0.25, by: 0.01 },
});

/** A change an hour before noon, before which the signal was this. */
function changedAfter(value: number, over: Partial<Change> = {}): Change {
  return aChange({ at: NOON - HOUR, before: { health: { value, samples: 500 } }, ...over });
}

describe("a limit relative to before", () => {
  it.each([
    // the step is the greater one
    [0.1, 0.15],
    [0.2, 0.25],
    // the share is
    [1, 1.25],
    [0, 0.05],
  ])("of %d s is %d s", (before, limit) => {
    expect(relativeRule(VALUE, before).limit).toBeCloseTo(limit);
    expect(relativeRule(LATENCY, before)).toMatchObject({
      test: { allowed: 0.05, overMs: expect.closeTo(limit * 1000) },
    });
  });

  it("of a share is a share of requests", () => {
    expect(relativeRule(ERRORS, 0.1)).toMatchObject({
      limit: expect.closeTo(0.125),
      test: { kind: "share", allowed: expect.closeTo(0.125) },
    });
  });

  it("is only exceeded by what is above both", () => {
    const positive = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(positive, positive, positive, positive, (before, now, rise, by) => {
        const { limit } = relativeRule({ ...VALUE, baseline: { rise, by } }, before);

        expect(now > limit).toBe(now > before * (1 + rise) && now > before + by);
      }),
    );
  });

  const own = aChange({ at: NOON - 1000, plan: "plan-1" });

  it.each<[string, readonly Change[], boolean, boolean]>([
    ["nothing was changed", [], false, false],
    ["the change can be blamed", [changedAfter(1)], false, true],
    ["it cannot be blamed any more", [changedAfter(1, { at: NOON - 2 * HOUR - 1 })], false, false],
    // what was compared is compared until it has ended
    ["a breach from then is unended", [changedAfter(1, { at: NOON - 3 * HOUR })], true, true],
    ["too little was measured before it", [aChange()], false, false],
    // a deployment is seen in several changes within seconds
    [
      "it was seen in two steps",
      [changedAfter(1), aChange({ at: NOON - HOUR + 5000 })],
      false,
      true,
    ],
    ["it was rolled back", [changedAfter(1), own], false, false],
    ["it was rolled back and the breach is unended", [changedAfter(1), own], true, true],
    // what was sick before a rollback is no measure
    [
      "only rollwatch itself changed something",
      [changedAfter(1, { plan: "plan-1" })],
      false,
      false,
    ],
  ])("when %s is known or not", (_when, changes, isUnended, isKnown) => {
    const rule = comparedRule(VALUE, { changes, now: NOON, windowMs: 2 * HOUR, isUnended });

    expect(rule.baseline === undefined).toBe(isKnown);
  });

  it("is that of the newest change that has one", () => {
    const changes = [changedAfter(9, { at: NOON - 2 * HOUR }), changedAfter(1)];

    const rule = comparedRule(VALUE, { changes, now: NOON, windowMs: 3 * HOUR, isUnended: false });

    expect(rule.limit).toBeCloseTo(1.25);
  });

  it("is no matter of a rule with a fixed limit", () => {
    const rule = aRule();

    const now = comparedRule(rule, {
      changes: [changedAfter(1)],
      now: NOON,
      windowMs: HOUR,
      isUnended: false,
    });

    expect(now).toBe(rule);
  });

  it.each([
    [VALUE, "a sample is more than 25 % and more than 50 ms above"],
    [
      LATENCY,
      "more than 5 % of the requests of 10.0 s took more than 25 % and more than 50 ms longer",
    ],
    [
      ERRORS,
      "the share of the requests of 10.0 s that failed is more than 25 % and more than 1 % above",
    ],
  ])("is explained", (rule, words) => {
    const explanation = explainRule({ ...rule, minSamples: 5 });

    expect(explanation.limit).toContain(words);
    expect(explanation.assumptions).toContain("a slow drift");
  });
});

/** So many samples, two seconds apart, with these values in turn. */
function book(
  rule: SignalRule,
  samples: number,
  readings: readonly { readonly value?: number; readonly counts?: Counts }[],
): unknown {
  const before = openBefore([rule, aRule({ name: "fixed" })]);
  for (let sample = 0; sample < samples; sample += 1) {
    const measured = { kind: "measured", value: 0, detail: "" } as const;
    before.take(rule, {
      signal: rule.name,
      at: NOON + sample * 2000,
      tookMs: 1,
      reading: { ...measured, ...readings[sample % readings.length] },
    });
  }
  return before.close(NOON + samples * 2000)[rule.name];
}

describe("what was before a change", () => {
  it("is the value that most samples were below", () => {
    const values = Array.from({ length: 100 }, (_one, place) => ({ value: (place + 1) / 100 }));

    expect(book(VALUE, 200, values)).toEqual({ value: expect.closeTo(0.95, 1), samples: 200 });
  });

  it("is the share of requests that were bad", () => {
    const counts = [{ counts: { bad: 1, total: 10 } }, { counts: { bad: 0, total: 10 } }];

    expect(book(ERRORS, 100, counts)).toEqual({ value: 0.05, samples: 1000 });
  });

  it.each([
    [99, undefined],
    [100, { value: expect.closeTo(1, 1), samples: 100 }],
  ])("is not known of %d samples, or is", (samples, expected) => {
    expect(book(VALUE, samples, [{ value: 1 }])).toEqual(expected);
  });

  it("is that of the last hour at most", () => {
    const old = Array.from({ length: 1800 }, () => ({ value: 9 }));
    const fresh = Array.from({ length: 1800 }, () => ({ value: 1 }));

    expect(book(VALUE, 3600, [...old, ...fresh])).toMatchObject({ value: expect.closeTo(1, 1) });
  });

  it("begins anew with each change", () => {
    const before = openBefore([VALUE]);
    before.close(NOON);

    expect(before.close(NOON)).toEqual({});
  });
});
