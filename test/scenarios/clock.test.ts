import { describe, expect, it } from "vitest";
import { type Scenario, withScenario } from "../support/scenario.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

async function isRolledBackOnce(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil((fact) => fact.kind === "closed");
}

async function isPaused(story: Scenario): Promise<boolean> {
  return (await story.operations.status(new AbortController().signal)).paused !== null;
}

describe("when the clock is set", () => {
  it.each([
    ["forward", 30 * HOUR_MS],
    ["back", -30 * HOUR_MS],
  ])("%s by a day and more while rollwatch runs, cool-down and budget hold", async (_way, byMs) => {
    await withScenario({}, async (story) => {
      await isRolledBackOnce(story);
      story.clock.jumpWall(byMs);
      await story.passes("1m");
      await story.install("bad-3", "answers 500");

      await story.passes("30s");

      expect(Object.keys(story.blocks())).toEqual(["cooldown", "daily-budget"]);
      expect(await story.read("server/release")).toBe("bad-3");
    });
  });

  it.each([
    ["forward", 30 * HOUR_MS],
    ["back", -30 * HOUR_MS],
  ])("%s while rollwatch does not run, cool-down and budget hold", async (_way, byMs) => {
    await withScenario({}, async (story) => {
      await isRolledBackOnce(story);
      await story.stopsRollwatch();
      story.clock.jumpWall(byMs);
      await story.startsRollwatch();
      await story.passes("1m");
      await story.install("bad-3", "answers 500");

      await story.passes("30s");

      expect(Object.keys(story.blocks())).toEqual(["cooldown", "daily-budget"]);
    });
  });

  it("before rollwatch was started anew, that is not forgotten by one more start", async () => {
    await withScenario({}, async (story) => {
      await isRolledBackOnce(story);
      story.clock.jumpWall(30 * HOUR_MS);
      await story.passes("5s");
      await story.stopsRollwatch();
      await story.startsRollwatch();
      await story.passes("1m");
      await story.install("bad-3", "answers 500");

      await story.passes("30s");

      expect(Object.keys(story.blocks())).toEqual(["cooldown", "daily-budget"]);
      expect(story.facts().filter((fact) => fact.kind === "clock-set")).toHaveLength(1);
    });
  });

  it("to a day later while the machine was off, nobody can tell that from a day that passed", async () => {
    await withScenario({}, async (story) => {
      await isRolledBackOnce(story);
      await story.stopsRollwatch();
      story.clock.reboot();
      story.clock.jumpWall(30 * HOUR_MS);
      await story.startsRollwatch();
      await story.passes("1m");
      await story.install("bad-3", "answers 500");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.begun()).toHaveLength(2);
    });
  });

  it.each([
    ["while rollwatch runs", false],
    ["while it does not", true],
  ])("forward by hours %s, a pause lasts as long as it was to", async (_when, isAway) => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("Ada").pauses("10m");
      await (isAway ? story.stopsRollwatch() : undefined);
      story.clock.jumpWall(5 * HOUR_MS);
      await (isAway ? story.startsRollwatch() : undefined);
      await story.passes("30s");
      await story.install("bad-2", "answers 500");

      await story.passes("8m");
      const during = [await isPaused(story), Object.keys(story.blocks())];
      await story.passes("2m");

      expect(during).toEqual([true, ["not-paused"]]);
      expect(await isPaused(story)).toBe(false);
      expect(story.begun()).toHaveLength(1);
    });
  });

  it("back by hours, people are not asked for longer than they were to be", async () => {
    await withScenario({ triggers: { "system-down": { mode: "recommend" } } }, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil((fact) => fact.kind === "approval-asked");
      story.clock.jumpWall(-5 * HOUR_MS);

      await story.passes("31m");

      expect(story.told()).toContain("approval-expired");
      expect(story.history().recoveries[0]?.ended?.reason).toBe("nobody approved it in time");
    });
  });

  it("forward between its crashes, rollwatch counts them all the same", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      for (let crash = 0; crash < 4; crash += 1) {
        story.diesBefore((fact) => fact.kind === "daemon-stopped");
        await story.stopsRollwatch();
        story.clock.jumpWall(HOUR_MS);
        await story.startsRollwatch();
      }

      await story.passes("1s");

      expect(story.told()).toEqual(["restart-storm"]);
    });
  });
});
