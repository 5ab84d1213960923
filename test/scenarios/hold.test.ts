import { describe, expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";
import { UPSTREAM } from "../support/story-world.ts";

describe("a fault that no rollback cures", () => {
  it("is the database's: rollwatch holds, says so and pages", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      story.database.setAnswer({
        kind: "fails",
        sqlstate: null,
        detail: "ECONNREFUSED 127.0.0.1:5432",
      });
      story.setSurroundings("make it answer 500");

      await story.passes("1m");

      expect(story.incident()).toMatchObject({ cause: "database", plans: [] });
      expect(story.blocks()["cause"]).toContain("no rollback cures that");
      expect(story.told()).toEqual(["held"]);
      expect(story.notice("held")).toMatchObject({ urgency: "page" });
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("is the upstream's, by its name, also when that is back and the application is not", async () => {
    const upstreams = [{ name: "billing", url: UPSTREAM }];
    await withScenario(
      {},
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("good-2", "works");
        story.setSurroundings("take its upstream down");
        await story.passes("30s");
        const { cause } = story.incident();
        const page = story.notice("held");
        story.setSurroundings("make it answer 500");

        await story.passes("2m");

        expect(cause).toBe("upstream");
        expect(page).toMatchObject({ urgency: "page" });
        expect(page?.text).toContain("billing: the connection was refused");
        expect(story.incident()).toMatchObject({ cause: "upstream", plans: [] });
        expect(story.pm2.calls).toEqual([]);
      },
      { upstreams },
    );
  });

  it.each([
    // `pm2 kill` took the services along.
    ["dead", { kind: "dead", reason: "nobody listens on its socket" }],
    // The services run on, one of them badly, but pm2 obeys no more.
    ["hung", { kind: "hung", pid: 100, reason: "it accepts but does not answer" }],
  ] as const)("is pm2's, which is %s: rollwatch holds and says so", async (state, daemon) => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      story.pm2.setDaemon(daemon);

      await story.passes("1m");

      expect(story.incident()).toMatchObject({ cause: "host", plans: [] });
      expect(story.blocks()["pm2-alive"]).toContain(`pm2 is ${state}`);
      expect(story.told()).toEqual(["held"]);
    });
  });

  it.each([
    ["hung", { kind: "hung", pid: 100, reason: "it accepts but does not answer" }],
    ["doubled", { kind: "doubled", reason: "the processes 7 and 9 serve its socket" }],
  ] as const)(
    "is pm2's, which is %s beneath services that run on: a minute later somebody is woken, once",
    async (state, daemon) => {
      await withScenario({}, async (story) => {
        await story.beginsProven("good-1");
        story.pm2.setDaemon(daemon);

        await story.passes("50s");
        const early = story.told();
        await story.passes("5m");

        expect(early).toEqual([]);
        expect(story.told()).toEqual(["pm2-unwell"]);
        expect(story.notice("pm2-unwell")).toMatchObject({ urgency: "page", incident: null });
        expect(story.notice("pm2-unwell").title).toContain(state);
        expect(story.notice("pm2-unwell").text).toContain(daemon.reason);
      });
    },
  );

  it("wakes nobody while pm2 is updated, and again when it is away another time", async () => {
    const daemon = { kind: "hung", pid: 100, reason: "it does not answer" } as const;
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      const alive = await story.pm2.daemon(new AbortController().signal);
      for (const away of ["50s", "50s", "2m", "2m"] as const) {
        story.pm2.setDaemon(daemon);
        await story.passes(away);
        story.pm2.setDaemon(alive);
        await story.passes("10s");
      }

      expect(story.told()).toEqual(["pm2-unwell", "pm2-unwell"]);
    });
  });

  it("is nobody's while nothing was ever proven: there is nothing to go back to", async () => {
    await withScenario({}, async (story) => {
      await story.install("new-1", "works");
      await story.startsRollwatch();
      await story.passes("10s");
      await story.install("bad-2", "answers 500");

      await story.passes("30s");

      expect(story.blocks()["target-proven"]).toContain("there is nothing to go back to");
      expect(story.incident().plans).toEqual([]);
      expect(story.told()).toEqual(["held"]);
    });
  });
});

describe("what rollwatch cannot measure", () => {
  it("is no breach: it was throttled", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      story.setSurroundings("throttle rollwatch");

      await story.passes("2m");

      expect(story.history().incidents).toEqual([]);
    });
  });

  it("is no breach: it stood still itself, and judges again as soon as it does not", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");

      for (let stall = 0; stall < 10; stall += 1) {
        await story.clock.stall(2500);
      }
      expect(story.history().incidents).toEqual([]);

      await story.passesUntil((fact) => fact.kind === "incident-opened");
      expect(story.incident().signals).toEqual(["health"]);
    });
  });
});

describe("a breach that clears", () => {
  it("before the first act cancels the rollback: nothing was changed", async () => {
    await withScenario({}, async (story) => {
      story.setCopyTime(10_000);
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil((fact) => fact.kind === "step-started");
      await story.write("server/main.js", "works");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.recovery().ended).toMatchObject({ result: "cancelled" });
      expect(story.told()).toEqual(["rollback-started", "rollback-cancelled", "recovered"]);
      expect(story.incident().closed?.outcome).toBe("held");
      expect(await story.read("server/release")).toBe("bad-2");
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("by itself closes the incident that was held", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      story.database.setAnswer({ kind: "fails", sqlstate: null, detail: "ECONNREFUSED" });
      story.setSurroundings("make it answer 500");
      await story.passesUntil((fact) => fact.kind === "decided");
      story.setSurroundings("fine");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("held");
      expect(story.told()).toEqual(["held", "recovered"]);
    });
  });
});
