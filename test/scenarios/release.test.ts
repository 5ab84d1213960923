import { describe, expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";
import { commitOf } from "../support/story-world.ts";

const LIVE = new AbortController().signal;

describe("a bad release", () => {
  it("is rolled back, proven, told, and git is pointed back", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident()).toMatchObject({
        cause: "release",
        closed: { outcome: "rolled-back" },
      });
      expect(story.recovery().verification?.result).toBe("proven");
      expect(await story.read("server/release")).toBe("good-1");
      expect(await story.read("package-lock.json")).toBe("lock of good-1");
      expect(await story.git.head("", LIVE)).toBe(commitOf("good-1"));
      expect(story.told()).toEqual(["rollback-started", "rollback-verified"]);
    });
  });

  it("that crashes at once is rolled back within the budget of the immediate tier", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      const from = story.clock.now();
      await story.install("bad-2", "crashes");

      await story.passesUntil((fact) => fact.kind === "verified");

      expect(story.incident().signals).toContain("health");
      expect(story.clock.now() - from).toBeLessThan(5 * 60_000);
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("is blamed although its change was noticed after the first bad sample", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.passes("5200ms");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "planned");

      const [change] = story.history().changes;
      expect((change?.at ?? 0) - story.incident().since).toBeGreaterThanOrEqual(3000);
      expect(story.incident().cause).toBe("release");
    });
  });

  it("does not take along the configuration that was changed for another reason before it", async () => {
    await withScenario({}, async (story) => {
      await story.write(".env", "PASSWORD=old");
      await story.write("limits.yaml", "limit: 1");
      await story.beginsProven("good-1");
      story.stop("cleaner");
      await story.write(".env", "PASSWORD=new");
      await story.passes("6m");
      await story.write("limits.yaml", "limit: 9");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read(".env")).toBe("PASSWORD=new");
      expect(await story.read("limits.yaml")).toBe("limit: 1");
      expect(story.recovery().plan.kept?.map((file) => file.path)).toEqual([".env"]);
    });
  });

  it("is taken back with the configuration that came with it", async () => {
    await withScenario({}, async (story) => {
      await story.write(".env", "PORT=1");
      await story.beginsProven("good-1");
      await story.write(".env", "PORT=none");
      await story.passes("10s");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(await story.read(".env")).toBe("PORT=1");
      expect(story.recovery().plan.kept).toEqual([]);
    });
  });
});

describe("a good release", () => {
  it("is left alone and becomes the release to go back to", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passesUntil((fact) => fact.kind === "release-proven");

      expect(story.history().incidents).toEqual([]);
      expect(story.pm2.calls).toEqual([]);
      expect(story.told()).toEqual([]);

      await story.install("bad-3", "answers 500");
      await story.passesUntil((fact) => fact.kind === "closed");

      expect(await story.read("server/release")).toBe("good-2");
    });
  });

  it("that a restart of rollwatch interrupts in its bake time is captured once", async () => {
    await withScenario({}, async (story) => {
      await story.install("good-1", "works");
      story.diesBefore((fact) => fact.kind === "release-proven");
      await story.startsRollwatch();
      await story.passes("30s");
      await story.stopsRollwatch();
      await story.startsRollwatch();

      await story.passesUntil((fact) => fact.kind === "release-proven");

      expect(story.facts().filter((fact) => fact.kind === "release-captured")).toHaveLength(1);
      expect(story.history().releases).toMatchObject([{ provenAt: expect.any(Number) }]);
    });
  });
});
