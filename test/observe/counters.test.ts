import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Counter, createCounters, type Growth } from "../../src/observe/counters.ts";

/** One look after another at the counter `ok` of the process `a`; what each one found. */
function looks(values: readonly number[], worker?: string): readonly unknown[] {
  const counters = createCounters();
  return values.map((value) => grownBy(counters.grow([aCounter(value, worker)], "a")));
}

function aCounter(value: number, worker?: string): Counter {
  return { key: "ok", value, ...(worker === undefined ? {} : { worker }) };
}

function grownBy(growth: Growth): number | "unsure" {
  return growth.kind === "unsure" ? "unsure" : (growth.by.get("ok") ?? 0);
}

describe("counters between two looks", () => {
  it("are only remembered at the first look", () => {
    expect(looks([1000])).toEqual([0]);
  });

  it("have grown by the difference", () => {
    expect(looks([1000, 1004, 1004, 1010])).toEqual([0, 4, 0, 6]);
  });

  it("count from 0 where a known process shows one for the first time", () => {
    const counters = createCounters();
    counters.grow([], "a");

    expect(grownBy(counters.grow([aCounter(3)], "a"))).toBe(3);
  });

  it("are only remembered for another process, and go on for each of two that answer in turn", () => {
    const counters = createCounters();
    const turns = [
      [aCounter(100), "a"],
      [aCounter(900), "b"],
      [aCounter(101), "a"],
      [aCounter(905), "b"],
    ] as const;

    expect(turns.map(([one, process]) => grownBy(counters.grow([one], process)))).toEqual([
      0, 0, 1, 5,
    ]);
  });

  it("count from 0 after a named worker began anew", () => {
    expect(looks([1000, 7, 9], "1")).toEqual([0, 7, 2]);
  });

  it("all count from 0 when one counter of a named worker went down", () => {
    const counters = createCounters();
    const slow = { key: "slow", worker: "1" };
    counters.grow([aCounter(100, "1"), { ...slow, value: 1 }], "a");

    const growth = counters.grow([aCounter(5, "1"), { ...slow, value: 3 }], "a");

    expect(growth).toEqual({
      kind: "grown",
      by: new Map([
        ["ok", 5],
        ["slow", 3],
      ]),
    });
  });

  it("are added up over the workers that share a key", () => {
    const counters = createCounters();
    counters.grow([aCounter(10, "1"), aCounter(20, "2")], "a");

    expect(grownBy(counters.grow([aCounter(11, "1"), aCounter(22, "2")], "a"))).toBe(3);
  });

  it("tell nothing for six looks when they went down without a name to explain it", () => {
    const unsure = Array.from({ length: 6 }, () => "unsure");

    expect(looks([1000, 5, 6, 7, 8, 9, 10, 12])).toEqual([0, ...unsure, 2]);
  });

  it("go on from what they were when they were missing for a look", () => {
    const counters = createCounters();
    counters.grow([aCounter(50)], "a");
    counters.grow([], "a");

    expect(grownBy(counters.grow([aCounter(51)], "a"))).toBe(1);
  });

  it("of a process that has long been gone are forgotten", () => {
    const counters = createCounters();
    counters.grow([aCounter(50)], "first");
    for (let other = 0; other < 64; other += 1) {
      counters.grow([aCounter(1)], `process ${other}`);
    }

    expect(grownBy(counters.grow([aCounter(60)], "first"))).toBe(0);
  });

  it("never grow by less than nothing, nor by more than a named worker counted", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
        for (const [place, growth] of looks(values, "1").entries()) {
          expect(growth).toBeGreaterThanOrEqual(0);
          expect(growth).toBeLessThanOrEqual(values[place] ?? 0);
        }
      }),
    );
  });
});
