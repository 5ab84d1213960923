import { describe, expect, it } from "vitest";
import { pause, startMaintenance } from "../../src/app/brakes.ts";
import { Failure } from "../../src/model/failure.ts";
import { withDaemon } from "../support/daemon.ts";

const ADA = { name: "Ada", roles: [], access: [] };
const BEN = { name: "Ben", roles: [], access: [] };
const HOUR_MS = 60 * 60_000;

function answerOf(ask: () => void): string {
  try {
    ask();
    return "done";
  } catch (error) {
    return error instanceof Failure ? error.code : "crashed";
  }
}

describe("a brake while another is on", () => {
  // What Ada's pause is for, what Ben's is for, and whose holds
  it.each([
    [null, HOUR_MS, "Ada"],
    [2 * HOUR_MS, HOUR_MS, "Ada"],
    [HOUR_MS, 2 * HOUR_MS, "Ben"],
    [HOUR_MS, null, "Ben"],
    [null, null, "Ben"],
  ])("of pauses of %s and then %s ms, that of %s holds", async (first, second, holder) => {
    await withDaemon(async ({ daemon }) => {
      pause(daemon, { reason: "load test", forMs: first }, ADA);

      const answer = answerOf(() => pause(daemon, { reason: "deploying", forMs: second }, BEN));

      expect(answer).toBe(holder === "Ben" ? "done" : "refused");
      expect(daemon.journal.history().pause?.by).toBe(holder);
    });
  });

  it("is refused when a maintenance would end sooner", async () => {
    await withDaemon(async ({ daemon }) => {
      startMaintenance(daemon, { reason: "disks", forMs: 2 * HOUR_MS }, ADA);

      expect(() => startMaintenance(daemon, { reason: "more disks", forMs: HOUR_MS }, BEN)).toThrow(
        "it is on already, by Ada until",
      );
    });
  });

  it("counts no more when it is over", async () => {
    await withDaemon(async ({ daemon, world }) => {
      pause(daemon, { reason: "load test", forMs: 2 * HOUR_MS }, ADA);
      await world.clock.advance(2 * HOUR_MS);

      pause(daemon, { reason: "deploying", forMs: 1000 }, BEN);

      expect(daemon.journal.history().pause?.by).toBe("Ben");
    });
  });
});
