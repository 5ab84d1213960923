import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openPercentiles } from "../../src/judge/percentiles.ts";
import { openRecent } from "../../src/judge/recent.ts";
import { aRule, NOON } from "../support/builders.ts";
import { aSample } from "../support/daemon.ts";

const SPAN = 60_000;

describe("recent values", () => {
  it("from a tenth of a millisecond to a quarter of an hour have their quantiles to 1 %", () => {
    const values = fc.array(fc.double({ min: 1e-4, max: 1e3, noNaN: true }), { minLength: 1 });
    const quantiles = fc.constantFrom(0, 0.5, 0.95, 0.99, 1);
    fc.assert(
      fc.property(values, quantiles, (given, quantile) => {
        const recent = openRecent(SPAN);
        for (const value of given) {
          recent.add(value, NOON);
        }

        const sorted = given.toSorted((one, other) => one - other);
        const exact = sorted[Math.floor(quantile * (given.length - 1))] ?? 0;
        const found = recent.quantile(quantile, NOON) ?? 0;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.0101);
      }),
    );
  });

  it("are those of one to two spans: older ones are forgotten", () => {
    const recent = openRecent(SPAN);
    const counts: number[] = [];

    for (let second = 0; second < 300; second += 1) {
      recent.add(second, NOON + second * 1000);
      counts.push(recent.count(NOON + second * 1000));
    }

    expect(Math.min(...counts.slice(60))).toBeGreaterThanOrEqual(60);
    expect(Math.max(...counts)).toBeLessThanOrEqual(120);
  });

  it.each([3_600_000, -3_600_000])("are forgotten when the clock is set by %d ms", (byMs) => {
    const recent = openRecent(SPAN);
    recent.add(5, NOON);

    recent.add(7, NOON + byMs);

    expect(recent.count(NOON + byMs)).toBe(1);
  });

  it("are none before the first", () => {
    expect(openRecent(SPAN).quantile(0.95, NOON)).toBeUndefined();
  });
});

describe("percentiles", () => {
  it("are told of single requests alone", () => {
    const book = openPercentiles();
    const timed = aRule({ unit: "seconds", test: { kind: "share", allowed: 0.05, overMs: 500 } });

    for (let sample = 1; sample <= 100; sample += 1) {
      book.take(timed, aSample("health", NOON + sample * 2000, sample / 100));
      book.take({ ...timed, name: "scraped", countsTraffic: true }, aSample("scraped", NOON, 1));
      book.take(aRule({ name: "pages" }), aSample("pages", NOON, 1));
    }

    const { p50, p95, p99, samples } = book.of("health") ?? { p50: 0, p95: 0, p99: 0, samples: 0 };
    expect(p50).toBeCloseTo(0.5, 1);
    expect(p95).toBeCloseTo(0.95, 1);
    expect(p99).toBeCloseTo(0.98, 1);
    expect(samples).toBe(100);
    expect([book.of("scraped"), book.of("pages")]).toEqual([undefined, undefined]);
  });
});
