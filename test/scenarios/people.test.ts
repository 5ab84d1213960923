import { describe, expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";
import { SERVICES } from "../support/story-world.ts";

function modeOf(mode: "shadow" | "recommend"): Parameters<typeof withScenario>[0] {
  return { triggers: { "system-down": { mode } } };
}

describe("a person's `pm2 stop`", () => {
  it("of every service is a wish: no incident, and told once when it has lasted five minutes", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      story.stop(...SERVICES);

      await story.passes("290s");
      expect(story.told()).toEqual([]);

      await story.passes("200s");
      expect(story.told()).toEqual(["stopped-by-person"]);
      expect(story.history().incidents).toEqual([]);
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("of one service that is over within five minutes is never told", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      story.stop("importer");
      await story.passes("4m");
      story.restart();

      await story.passes("2m");

      expect(story.told()).toEqual([]);
    });
  });

  it("leaves a stopped service stopped through a rollback", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      story.stop("importer");

      await story.passesUntil((fact) => fact.kind === "closed");

      const [importer] = await story.pm2.services(["importer"], new AbortController().signal);
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(importer?.instances).toMatchObject([{ status: "stopped" }]);
    });
  });
});

describe("the mode", () => {
  it("shadow tells what it would have done, wakes nobody and does nothing", async () => {
    await withScenario(modeOf("shadow"), async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");

      await story.passes("1m");

      expect(story.told()).toEqual(["held"]);
      expect(story.notice("held").urgency).toBe("tell");
      expect(story.notice("held").text).toContain("Otherwise: Roll back to");
      expect(story.incident().plans).toEqual([]);
      expect(await story.read("server/release")).toBe("bad-2");
    });
  });

  it("recommend pages the person who must decide, and does nothing", async () => {
    await withScenario(modeOf("recommend"), async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");

      await story.passes("1m");
      expect(story.told()).toEqual(["recommended"]);
      expect(story.notice("recommended").urgency).toBe("page");
      expect(Object.keys(story.blocks())).toEqual(["mode"]);
      expect(story.asked().approval.given).toEqual([]);
      expect(story.begun()).toEqual([]);
      expect(story.pm2.calls).toEqual([]);
      expect(await story.read("server/release")).toBe("bad-2");

      await story.install("good-3", "works");
      await story.passesUntil((fact) => fact.kind === "closed");
      expect(story.incident().closed?.outcome).toBe("recommended");
      expect(story.asked().ended).toMatchObject({ result: "cancelled" });
    });
  });
});

describe("somebody at work in git", () => {
  it("makes the rollback wait, and no longer than that", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      story.git.setBusy("index.lock is there");

      await story.passes("30s");
      expect(Object.keys(story.blocks())).toEqual(["no-deployment-running"]);
      expect(story.told()).toEqual(["held"]);

      story.git.setBusy(null);
      await story.passesUntil((fact) => fact.kind === "closed");
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(story.told()).toEqual(["held", "rollback-started", "rollback-verified"]);
    });
  });
});
