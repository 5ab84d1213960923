import { describe, expect, it } from "vitest";
import { atLeast, atMost } from "../../bench/histories/bounds.ts";
import { historiesTables } from "../../bench/histories/table.ts";
import { parseWish } from "../../bench/wish.ts";

describe("the bounds of a share", () => {
  it.each([
    // The rule of three: 1 - 0.05 ** (1 / n).
    [0, 3000, 0.000_998],
    [0, 100, 0.029_513],
    [2, 100, 0.061_618],
    [5, 5, 1],
  ])("%d of %d is at most %d", (hits, trials, bound) => {
    expect(atMost(hits, trials)).toBeCloseTo(bound, 5);
  });

  it.each([
    [100, 100, 0.970_487],
    [98, 100, 0.938_382],
    [0, 10, 0],
  ])("%d of %d is at least %d", (hits, trials, bound) => {
    expect(atLeast(hits, trials)).toBeCloseTo(bound, 5);
  });
});

describe("the wish for histories", () => {
  it.each([
    [["histories"], { kind: "histories", rounds: 3000, faults: 100, seed: 1 }],
    [
      ["histories", "--days", "10", "--faults", "2", "--seed", "7"],
      { kind: "histories", rounds: 10, faults: 2, seed: 7 },
    ],
    [["histories", "--days", "0"], undefined],
    [["histories", "--case", "hang"], undefined],
  ])("%j is %j", (args, wish) => {
    expect(parseWish(args)).toEqual(wish);
  });
});

describe("the table of histories", () => {
  it("counts what was wrong, says how to see it again, and bounds every share", () => {
    const day = { kind: "quiet night", events: 1_000_000, breaches: [] };
    const breach = {
      trigger: "memory",
      signals: ["memory"],
      at: 0,
      decision: "roll-back",
      isFalse: true,
    } as const;
    const fault = {
      kind: "crash loop",
      deployed: true,
      seed: 5,
      trigger: "system-down",
      cause: "release",
      decision: "roll-back",
      seconds: 4.5,
      isRightTrigger: true,
      isRightCause: true,
      isRightDecision: true,
    } as const;

    const text = historiesTables({
      seed: 1,
      days: [
        { ...day, seed: 1 },
        { ...day, seed: 2, breaches: [breach] },
      ],
      faults: [fault, { ...fault, trigger: null, cause: null, decision: null, seconds: null }],
    });

    expect(text).toContain("Seed 1: 2 healthy host-days (2 million events), 2 faults.");
    expect(text).toContain("| host-days with a false rollback | 1 of 2 | 50 % | at most 97.5 % |");
    expect(text).toContain(
      "| faults found within 5 min (recall) | 1 of 2 | 50 % | at least 2.5 % |",
    );
    expect(text).toContain(
      "| crash loop | system-down | 2 | 50 % | 100 % | 100 % | 100 % | 4.5 s |",
    );
    expect(text).toContain(
      "- quiet night, seed 2: memory by memory at 1970-01-01T00:00:00.000Z, roll-back",
    );
  });
});
