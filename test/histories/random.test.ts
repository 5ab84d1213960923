import { describe, expect, it } from "vitest";
import { seeded } from "./random.ts";

const TIMES = 20_000;

function mean(draw: () => number): number {
  let sum = 0;
  for (let time = 0; time < TIMES; time += 1) {
    sum += draw();
  }
  return sum / TIMES;
}

describe("seeded random numbers", () => {
  it("come again with the same seed, and not with another", () => {
    const draws = [seeded(1), seeded(1), seeded(2)].map((random) => [random.next(), random.next()]);

    expect(draws[0]).toEqual(draws[1]);
    expect(draws[0]).not.toEqual(draws[2]);
  });

  it.each([
    [10, 0.03],
    [400, 0.01],
    [5000, 0.04],
    [50, 0.9],
  ])("hit %d times %d on average", (trials, chance) => {
    const random = seeded(3);

    const found = mean(() => random.hits(trials, chance));

    expect(found / (trials * chance)).toBeCloseTo(1, 1);
  });

  it.each([0.2, 7, 300])("count %d on average", (expected) => {
    const random = seeded(4);

    expect(mean(() => random.count(expected)) / expected).toBeCloseTo(1, 1);
  });
});
