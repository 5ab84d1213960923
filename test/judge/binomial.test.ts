import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fewestSignificant, upperTail } from "../../src/judge/binomial.ts";

/** P(X >= atLeast) term by term, by Pascal's rule: another way, right for small numbers. */
function summed(atLeast: number, trials: number, chance: number): number {
  let chances = [1];
  for (let trial = 0; trial < trials; trial += 1) {
    chances = [...chances, 0].map(
      (one, count) => one * (1 - chance) + (chances[count - 1] ?? 0) * chance,
    );
  }
  return chances.slice(Math.max(0, atLeast)).reduce((sum, one) => sum + one, 0);
}

const chances = fc.double({ min: 0, max: 1, noNaN: true });

describe("the chance of so many bad ones", () => {
  it("is the sum of its terms", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(61), chances, (trials, atLeast, chance) => {
        expect(upperTail(atLeast, trials, chance)).toBeCloseTo(summed(atLeast, trials, chance), 10);
      }),
    );
  });

  it("falls with the number of bad ones, for any number of requests", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), chances, fc.nat(), (n, chance, pick) => {
        const bad = pick % n;
        expect(upperTail(bad + 1, n, chance)).toBeLessThanOrEqual(upperTail(bad, n, chance) + 1e-9);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    // 0.05^2: two of two, both bad
    [2, 2, 0.05, 0.0025],
    [3, 5, 0.05, 0.001158125],
    [0, 5, 0.05, 1],
    [6, 5, 0.05, 0],
    [1, 5, 0, 0],
    [5, 5, 1, 1],
    // ten million at 5 %: half a million is the median, 1 603 more are 2.33 deviations
    [500_000, 10_000_000, 0.05, 0.500203],
    [501_603, 10_000_000, 0.05, 0.010058],
  ])("of at least %i in %i at %f is %f", (atLeast, trials, chance, expected) => {
    expect(upperTail(atLeast, trials, chance)).toBeCloseTo(expected, 6);
  });

  it("stays a number for extremely unlikely ones", () => {
    expect(upperTail(10_000_000, 10_000_000, 0.01)).toBe(0);
    expect(upperTail(30, 100, 0.01)).toBeCloseTo(1.4873458206704094e-35, 45);
  });
});

describe("the fewest significant bad ones", () => {
  it.each([
    [5, 0.05, 3],
    [20, 0.05, 5],
    [2, 0.05, 2],
    [1, 0.05, undefined],
    [100, 0, 1],
    [100, 1, undefined],
  ])("of %i at %f are %s", (trials, chance, expected) => {
    expect(fewestSignificant(trials, chance, 0.01)).toBe(expected);
  });
});
