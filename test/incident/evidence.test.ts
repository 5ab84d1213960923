import { describe, expect, it } from "vitest";
import { evidenceOf, type RecordedSample } from "../../src/incident/evidence.ts";
import { requestsOf } from "../../src/incident/impact.ts";
import { tellScale } from "../../src/incident/scale.ts";
import { sparkline } from "../../src/incident/sparkline.ts";
import { NOON } from "../support/builders.ts";

const HEALTH = { name: "health", unit: "failures", limit: 0 };
const SPAN = { from: NOON, until: NOON + 1_000_000 };

function aSample(after: number, over: Partial<RecordedSample> = {}): RecordedSample {
  return { kind: "sample", signal: "health", at: NOON + after, tookMs: 1, value: 0, ...over };
}

describe("the evidence of a report", () => {
  it("has only the samples of its signals and of its time, and counts those above the limit", () => {
    const samples = [
      aSample(-1, { value: 1 }),
      aSample(2000, { value: 1 }),
      aSample(1000),
      aSample(3000, { signal: "other", value: 1 }),
      aSample(1_000_001, { value: 1 }),
    ];

    const [series] = evidenceOf(samples, [HEALTH], SPAN);

    expect(series).toMatchObject({ samples: 2, bad: 1 });
    expect(series?.points).toEqual([
      { at: NOON + 1000, value: 0 },
      { at: NOON + 2000, value: 1 },
    ]);
  });

  it("keeps the single worst sample of a thousand", () => {
    const samples = Array.from({ length: 1000 }, (_, index) =>
      aSample(index * 1000, { value: index === 777 ? 9 : 0 }),
    );

    const [series] = evidenceOf(samples, [HEALTH], SPAN);

    expect(series?.samples).toBe(1000);
    expect(series?.points.length).toBeLessThanOrEqual(160);
    expect(series?.points.filter(({ value }) => value === 9)).toEqual([
      { at: NOON + 777_000, value: 9 },
    ]);
  });

  it("shows what could not be measured as a gap, never as a value", () => {
    const { value: _none, ...absent } = aSample(1000, { absent: "throttled" });

    const [series] = evidenceOf([aSample(0), absent, aSample(2000, { value: 1 })], [HEALTH], SPAN);

    expect(sparkline(series?.points ?? [])).toBe("▁·█");
    expect(series === undefined ? "" : tellScale(series)).toBe(
      "0 to 1 failures, limit 0, 1 of 3 samples above it",
    );
  });
});

describe("the requests of a report", () => {
  it("are summed up by signal between the first bad sample and the end", () => {
    const samples = [
      aSample(-1, { counts: { bad: 100, total: 100 } }),
      aSample(0, { counts: { bad: 2, total: 10 } }),
      aSample(5000, { counts: { bad: 3, total: 10 } }),
      aSample(6000),
    ];

    expect(requestsOf(samples, SPAN)).toEqual([{ signal: "health", bad: 5, total: 20 }]);
  });

  it("are not zero but unknown where nothing counted any", () => {
    expect(requestsOf([aSample(0)], SPAN)).toEqual([]);
  });
});
