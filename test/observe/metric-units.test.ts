import { describe, expect, it } from "vitest";
import { inUnit, unitOfMetric } from "../../src/observe/metric-units.ts";

describe("a metric of pm2", () => {
  it.each([
    [{ value: "12.5", unit: "ms" }, "seconds", 0.0125],
    [{ value: "12.5 ms" }, "seconds", 0.0125],
    [{ value: 250, unit: "µs" }, "seconds", 0.00025],
    [{ value: "6.5", unit: "MiB" }, "bytes", 6.5 * 1024 ** 2],
    [{ value: "1.5 GB" }, "bytes", 1.5e9],
    [{ value: 81, unit: "%" }, "ratio", 0.81],
    [{ value: 3 }, "value", 3],
    [{ value: "120", unit: "req/min" }, "value", 120],
    // of another kind than was asked for
    [{ value: 3, unit: "ms" }, "bytes", undefined],
    [{ value: 3 }, "seconds", undefined],
    [{ value: 3, unit: "constructor" }, "seconds", undefined],
    [{ value: "idle" }, "value", undefined],
    [{ value: "" }, "value", undefined],
    [{ value: Number.NaN }, "value", undefined],
    [{ value: "1e400" }, "value", undefined],
  ] as const)("%j in %s is %s", (metric, unit, expected) => {
    expect(inUnit(metric, unit)).toBe(expected);
  });

  it.each([
    ["HTTP P95 Latency", "seconds"],
    ["Used Heap Size", "bytes"],
    ["Heap Usage", "ratio"],
    ["Active handles", "value"],
    ["constructor", "value"],
  ])("named %s is measured in %s", (name, unit) => {
    expect(unitOfMetric(name)).toBe(unit);
  });
});
