import { describe, expect, it } from "vitest";
import { pause, resume, startMaintenance } from "../../src/app/brakes.ts";
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

  it("is not said to be on where the journal cannot be written", async () => {
    await withDaemon(async ({ daemon, written }) => {
      const full = {
        ...daemon.journal,
        record: () => {
          throw new Failure("internal", "cannot write to the journal: ENOSPC", { hint: "" });
        },
      };

      expect(() =>
        pause({ ...daemon, journal: full }, { reason: "load", forMs: null }, ADA),
      ).toThrow("ENOSPC");
      expect(written()).toEqual([]);
    });
  });

  it("by two people at once is over for both when one resumes, who is told whose it was", async () => {
    await withDaemon(async ({ daemon }) => {
      pause(daemon, { reason: "load test", forMs: HOUR_MS }, ADA);
      pause(daemon, { reason: "deploying", forMs: 2 * HOUR_MS }, BEN);

      const ended = resume(daemon, ADA);

      expect(ended).toMatchObject([{ by: "Ben", reason: "deploying" }]);
      expect(daemon.journal.history().pause).toBeUndefined();
      expect(answerOf(() => void resume(daemon, BEN))).toBe("refused");
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
