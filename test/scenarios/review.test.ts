import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { commitOf, HEALTH, PAGE } from "../support/story-world.ts";

/** A preparation that copies, and so takes its time. */
const COLD = { warm: false };
/** Brakes that hold nothing back, so that what else holds can be seen. */
const LOOSE = { brakes: { cooldown: "1s", rollbacksPerDay: 99 } };
const HOUR_MS = 60 * 60_000;

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

function starts(step: string): (fact: Fact) => boolean {
  return (fact) => fact.kind === "step-started" && fact.step === step;
}

function ends(step: string): (fact: Fact) => boolean {
  return (fact) => fact.kind === "step-finished" && fact.step === step;
}

async function begins(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
}

/** What came of everything that was begun. */
function results(story: Scenario): readonly (string | undefined)[] {
  return story.begun().map((recovery) => recovery.ended?.result);
}

/** Days in a moment: with a sample every two hours each is taken when it is due, and what is between is left out. */
async function stallsToNextSample(story: Scenario): Promise<void> {
  const everyMs = 2 * HOUR_MS;
  await story.clock.stall(everyMs - (story.clock.monotonic() % everyMs));
}

describe("a plan for what is not deployed any more", () => {
  it("is cancelled, and decided anew: what was deployed meanwhile is too far from the target", async () => {
    await withScenario(
      {},
      async (story) => {
        await begins(story);
        story.setCopyTime(10_000);
        await story.passesUntil(is("step-started"));
        await story.install("bad-3", "answers 500");

        await story.passesUntil(is("recovery-ended"));
        await story.passes("30s");

        expect(results(story)).toEqual(["cancelled"]);
        expect(story.begun()[0]?.ended?.reason).toContain("what is deployed changed");
        expect(story.blocks()["target-proven"]).toContain("2 releases back");
        expect(story.told()).toEqual(["rollback-started", "rollback-cancelled", "recommended"]);
        expect(story.pm2.calls).toEqual([]);
        expect(await story.read("server/release")).toBe("bad-3");
      },
      COLD,
    );
  });

  it("is cancelled when rollwatch was dead meanwhile, and a person who is at it must decide", async () => {
    await withScenario({}, async (story) => {
      await story.write(".env", "PORT=1");
      await begins(story);
      story.diesBefore(starts("stage:server"));
      await story.passes("20s");
      await story.stopsRollwatch();
      await story.write(".env", "PORT=2");
      story.restart();
      await story.startsRollwatch();

      await story.passesUntil(is("recovery-ended"));
      await story.passes("30s");

      expect(results(story)).toEqual(["cancelled"]);
      expect(story.begun()[0]?.ended?.reason).toContain("configuration .env");
      expect(Object.keys(story.blocks())).toEqual(["not-before-change"]);
      expect(story.told()).toEqual(["rollback-started", "rollback-cancelled", "recommended"]);
      expect(story.pm2.calls).toEqual([]);
      expect(await story.read(".env")).toBe("PORT=2");
    });
  });
});

describe("a rollback in the middle of which rollwatch was away for twenty minutes", () => {
  it("is left to a person: nothing more is done by itself", async () => {
    await withScenario({}, async (story) => {
      await begins(story);
      story.diesBefore(starts("switch:server"));
      await story.passes("20s");
      await story.stopsRollwatch();
      await story.passes("20m");
      await story.startsRollwatch();

      await story.passes("20s");

      expect(results(story)).toEqual(["needs-human"]);
      expect(story.begun()[0]?.ended?.reason).toContain("was away for 20 min");
      expect(story.pm2.calls).toEqual(["stop 2", "stop 1", "stop 0"]);
      expect(await story.read("server/release")).toBe("bad-2");
      expect(story.told().slice(0, 2)).toEqual(["rollback-started", "needs-human"]);
      await story.passes("6m");
      expect(story.told()).not.toContain("stopped-by-person");
      expect(story.incident().closed).toBeUndefined();
    });
  });
});

describe("a rollback that cannot be prepared", () => {
  it("is told and tried once, then a person must decide", async () => {
    await withScenario(
      {},
      async (story) => {
        await begins(story);
        story.failCopies(new Error("ENOSPC: no space left on device"));

        await story.passes("40s");
        await story.clock.stall(4 * 60_000);
        await story.passes("30s");

        expect(results(story)).toEqual(["cancelled"]);
        expect(story.blocks()).toEqual({ preparable: expect.stringContaining("ENOSPC") });
        expect(story.told()).toEqual(["rollback-started", "rollback-cancelled", "recommended"]);
        expect(story.pm2.calls).toEqual([]);
      },
      COLD,
    );
  });
});

describe("what a person does to a service with pm2", () => {
  it("delete, during a deployment, is no reason to stop the others", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      story.pm2.remove("api");

      await story.passes("30s");

      expect(story.blocks()).toEqual({
        "services-known": expect.stringContaining("pm2 does not know api"),
      });
      expect(story.told()).toEqual(["recommended"]);
      expect(story.begun()).toEqual([]);
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("stop, while a page fails that nobody knows the service of, may be what fails it", async () => {
    const page = { kind: "http", url: PAGE } as const;
    const signals = [{ name: "page", trigger: "system-down", probe: page }] as const;
    await withScenario(
      {},
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("good-2", "works");
        story.stop("importer");
        story.setSurroundings("take the page down");

        await story.passes("30s");

        expect(story.blocks()).toEqual({
          "stopped-by-person": expect.stringContaining("which service answers page"),
        });
        expect(story.begun()).toEqual([]);
        expect(story.pm2.calls).toEqual([]);
      },
      { signals: [...signals] },
    );
  });
});

describe("a service that a rollback stopped and cannot start again", () => {
  it("is nobody's wish: the incident is open until it runs again", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "works");
      story.pm2.change("importer", { status: "waiting-restart", pid: 0 });
      story.pm2.failNext("restart 1", new Error("pm2 refuses"), 2);

      await story.passesUntil(is("recovery-ended"));
      await story.clock.stall(6 * 60_000);
      await story.passes("20s");
      await story.clock.stall(6 * 60_000);
      await story.passes("20s");

      expect(story.incident().signals).toEqual(["services"]);
      expect(results(story)).toEqual(["needs-human"]);
      expect(story.recovery().ended?.reason).toContain("pm2 refuses (tried twice)");
      expect(story.incident().closed).toBeUndefined();
      expect(story.told().slice(0, 2)).toEqual(["rollback-started", "needs-human"]);
      expect(story.told()).not.toContain("stopped-by-person");
      expect(story.told()).not.toContain("recovered");
      expect(story.history().changes.map((one) => one.plan)).toEqual([
        undefined,
        story.recovery().plan.id,
      ]);

      story.restart();
      await story.passesUntil(is("closed"));
      expect(story.incident().closed?.outcome).toBe("failed");
    });
  });

  it("is told although the release is proven, when it is the destructive one", async () => {
    await withScenario({}, async (story) => {
      await begins(story);
      await story.passesUntil(ends("prove-identity"));
      story.pm2.failNext("restart", new Error("pm2 refuses"), 2);

      await story.passesUntil(is("recovery-ended"));
      await story.clock.stall(6 * 60_000);
      await story.passes("10s");

      expect(story.recovery()).toMatchObject({
        verification: { result: "proven" },
        ended: { result: "needs-human" },
      });
      expect(story.told().slice(0, 2)).toEqual(["rollback-started", "needs-human"]);
      expect(story.told()).not.toContain("rollback-verified");
      expect(story.told()).not.toContain("stopped-by-person");
      expect(story.notice("needs-human").text).toContain("start-service:cleaner");
      expect(story.incident().closed?.outcome).not.toBe("rolled-back");
    });
  });
});

describe("git that is locked for good", () => {
  it("does not keep the rollback from its proof, and is told as left undone", async () => {
    await withScenario(
      {},
      async (story) => {
        await begins(story);
        story.setCopyTime(1000);
        await story.passesUntil(is("planned"));
        story.git.setBusy("index.lock is there");

        await story.passesUntil(is("closed"));

        expect(story.recovery()).toMatchObject({
          verification: { result: "proven" },
          ended: { result: "completed" },
        });
        expect(story.told()).toEqual(["rollback-started", "rollback-verified"]);
        expect(story.notice("rollback-verified").text).toContain("Left undone: point-git");
        expect(await story.git.head("", new AbortController().signal)).toBe(commitOf("bad-2"));
        expect(await story.read("server/release")).toBe("good-1");
      },
      COLD,
    );
  });
});

describe("a release is not captured", () => {
  it("while its schema cannot be read", async () => {
    await withScenario({}, async (story) => {
      story.database.setRevision("002_alerts (2)");
      story.database.setAnswer({ kind: "fails", sqlstate: null, detail: "ECONNREFUSED" });
      await story.install("good-1", "works");
      await story.startsRollwatch();
      await story.passes("40s");
      expect(story.history().releases).toEqual([]);

      story.database.setAnswer({ kind: "answers", tookMs: 1, version: "15.18" });
      await story.passesUntil(is("release-proven"));

      expect(story.history().releases).toMatchObject([{ identity: { schema: "002_alerts (2)" } }]);
    });
  });

  it("while the id that it serves cannot be read", async () => {
    await withScenario({}, async (story) => {
      story.setSurroundings("hide its release id");
      await story.install("good-1", "works");
      await story.startsRollwatch();
      await story.passes("40s");
      expect(story.history().releases).toEqual([]);

      story.setSurroundings("fine");
      await story.passesUntil(is("release-proven"));

      expect(story.history().releases).toMatchObject([{ identity: { served: "good-1" } }]);
    });
  });

  it("while only its files are there: it runs since the next restart", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      story.git.commit(commitOf("good-2"));
      await story.passes("40s");
      expect(story.history().releases).toHaveLength(1);

      story.restart();
      await story.passesUntil(is("release-proven"));

      expect(story.history().releases).toMatchObject([
        { identity: { commit: commitOf("good-1") } },
        { identity: { commit: commitOf("good-2") } },
      ]);
    });
  });
});

describe("the wall clock, set back an hour,", () => {
  it("does not hide the next bad release", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      story.clock.jumpWall(-HOUR_MS);
      await story.passes("10s");
      await story.install("bad-2", "answers 500");

      await story.passesUntil(is("closed"));

      expect(story.incident().cause).toBe("release");
      expect(results(story)).toEqual(["completed"]);
      expect(await story.read("server/release")).toBe("good-1");
    });
  });
});

describe("the release to go back to", () => {
  it("may be old, as long as it was healthy until the bad one came", async () => {
    const probe = { kind: "http", url: HEALTH, interval: "2h" } as const;
    const health = { name: "health", trigger: "system-down", probe } as const;
    await withScenario(
      {},
      async (story) => {
        await story.beginsProven("good-1");
        const [proven] = story.history().releases;
        while (story.clock.monotonic() < 8 * 24 * HOUR_MS) {
          await stallsToNextSample(story);
        }
        const [proof] = story.history().releases;
        await story.passes("10s");
        await story.install("bad-2", "answers 500");
        await story.passes("10s");
        await stallsToNextSample(story);

        await story.passesUntil(ends("prove-identity"));

        expect(proof?.capturedAt).toBe(proven?.capturedAt);
        expect((proof?.provenAt ?? 0) - (proven?.provenAt ?? 0)).toBeGreaterThanOrEqual(
          6 * 24 * HOUR_MS,
        );
        expect(story.recovery().plan.target).toBe(proof?.id);
        expect(await story.read("server/release")).toBe("good-1");
      },
      { signals: [{ ...health, breachAfter: 1, clearAfter: 1 }] },
    );
  });

  it("is the one that a rollback brought back and that has proven itself again", async () => {
    await withScenario(LOOSE, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passesUntil(is("release-proven"));
      await story.write("server/main.js", "answers 500");
      await story.passesUntil(is("closed"));
      await story.passesUntil(is("release-proven"));
      await story.install("bad-3", "answers 500");

      await story.passesUntil(is("closed"));

      expect(results(story)).toEqual(["completed", "completed"]);
      const [first] = story.history().releases;
      expect(story.recovery().plan.target).toBe(first?.id);
      expect(await story.read("server/release")).toBe("good-1");
    });
  });
});
