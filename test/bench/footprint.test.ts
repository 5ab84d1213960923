import { describe, expect, it } from "vitest";
import { latenessOf } from "../../bench/footprint/arrivals.ts";
import { quantile, spread } from "../../bench/footprint/figures.ts";
import { parseStat } from "../../bench/footprint/processes.ts";

describe("the footprint's figures", () => {
  it.for([
    { values: [7], q: 0.99, found: 7 },
    { values: [4, 1, 3, 2], q: 0.5, found: 2 },
    { values: [4, 1, 3, 2], q: 1, found: 4 },
    { values: Array.from({ length: 200 }, (_one, place) => place + 1), q: 0.99, found: 198 },
  ])("has $found below which $q of the values lie", ({ values, q, found }) => {
    expect(quantile(values, q)).toBe(found);
  });

  it("divides the worst repetition by the best", () => {
    expect(spread([6, 4, 5])).toBe(1.5);
  });

  it("counts by how much questions came later than the interval after the one before, and never early", () => {
    expect(latenessOf([1000, 3000, 6500, 8000], 2000)).toEqual([0, 1500, 0]);
  });

  it("reads a process's parent and its CPU time with that of its ended children, whatever its name", () => {
    const stat = "42 (a ) b (c) S 7 1 1 0 -1 4194560 9 9 0 0 150 50 30 20 20 0 11 0 99";

    expect(parseStat(stat)).toEqual({ pid: 42, parent: 7, cpuSeconds: 2.5 });
  });
});
