import { describe, expect, it } from "vitest";
import { readinessOf } from "../../src/app/readiness.ts";
import { withDaemon } from "../support/daemon.ts";
import { anOpening, aPlan } from "../support/builders.ts";

const LIVE = new AbortController().signal;

describe("readiness", () => {
  it("waits for the first turn and for a sample of every signal", async () => {
    await withDaemon(async ({ daemon }) => {
      await daemon.surroundings.lookAtServices(LIVE);

      expect(readinessOf(daemon, undefined)).toEqual({
        kind: "not-ready",
        reasons: ["the first turn is not over", "not every signal was sampled yet"],
      });
    });
  });

  it("is there while the loop turns", async () => {
    await withDaemon(async ({ daemon, world, sample }) => {
      await daemon.surroundings.lookAtServices(LIVE);
      sample(0);

      const readiness = readinessOf(daemon, world.clock.monotonic() - 29_000);

      expect(readiness).toEqual({ kind: "ready" });
    });
  });

  it("ends when the loop hangs, but not for a recovery that takes its time", async () => {
    await withDaemon(async ({ daemon, world, sample, record }) => {
      await daemon.surroundings.lookAtServices(LIVE);
      sample(0);
      const longAgo = world.clock.monotonic() - 31_000;

      const hanging = readinessOf(daemon, longAgo);
      record(anOpening(), { kind: "planned", plan: aPlan() });
      const recovering = readinessOf(daemon, longAgo);

      expect(hanging).toEqual({
        kind: "not-ready",
        reasons: ["the loop has not turned for 31.0 s"],
      });
      expect(recovering).toEqual({ kind: "ready" });
    });
  });
});
