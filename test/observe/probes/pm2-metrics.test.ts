import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  createPm2MetricsProbe,
  Pm2MetricsProbeSettings,
} from "../../../src/observe/probes/pm2-metrics.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { fakePm2, type FakePm2 } from "../../support/fakes/pm2.ts";

const NEVER = new AbortController().signal;

async function read(pm2: FakePm2, settings: object): Promise<Reading> {
  const parsed = Pm2MetricsProbeSettings.parse({
    kind: "pm2-metrics",
    service: "api",
    ...settings,
  });
  return createPm2MetricsProbe("latency", parsed, { pm2, clock: createManualClock() }).sample(
    NEVER,
  );
}

describe("the pm2-metrics probe", () => {
  it("measures the greatest of the service's workers in base units", async () => {
    const pm2 = fakePm2();
    pm2.tellMetrics("api", { "HTTP P95 Latency": { value: "39.5", unit: "ms" } });
    pm2.tellMetrics("api", { "HTTP P95 Latency": { value: 812, unit: "ms" } });
    pm2.tellMetrics("other", { "HTTP P95 Latency": { value: 5000, unit: "ms" } });

    expect(await read(pm2, { metric: "HTTP P95 Latency" })).toEqual({
      kind: "measured",
      value: 0.812,
      detail: "HTTP P95 Latency of api: 812 ms (pid 1001, the most of 2)",
      service: "api",
    });
  });

  it("takes a metric of the application's own for the number that it is, or for what it is told", async () => {
    const pm2 = fakePm2();
    pm2.tellMetrics("api", { queue: { value: "7" }, age: { value: "90 s" } });

    const readings = [
      await read(pm2, { metric: "queue" }),
      await read(pm2, { metric: "age", unit: "seconds" }),
    ];

    expect(readings).toMatchObject([
      { value: 7, detail: "queue of api: 7" },
      { value: 90, detail: "age of api: 90 s" },
    ]);
  });

  it.each([
    [{ metric: "HTTP" }, 'no metrics: api tells no "HTTP", but Used Heap Size'],
    [
      { metric: "Used Heap Size", unit: "seconds" },
      'no metrics: "Used Heap Size" of api is 6 MiB, not in seconds',
    ],
    [{ metric: "HTTP", service: "gone" }, "no metrics: no process of gone is running"],
  ])("has no answer to %j", async (settings, detail) => {
    const pm2 = fakePm2();
    pm2.tellMetrics("api", { "Used Heap Size": { value: "6", unit: "MiB" } });

    expect(await read(pm2, settings)).toEqual({ kind: "absent", reason: "no-metrics", detail });
  });

  it("says that pm2 is dead when it is", async () => {
    const pm2 = fakePm2();
    pm2.setDaemon({ kind: "dead", reason: "nobody listens" });

    expect(await read(pm2, { metric: "HTTP" })).toEqual({
      kind: "absent",
      reason: "pm2-dead",
      detail: "nobody listens",
    });
  });
});
