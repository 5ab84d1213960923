import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";

function starts(step: string): (fact: Fact) => boolean {
  return (fact) => fact.kind === "step-started" && fact.step === step;
}

async function begins(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
}

/** Each service is stopped and started once, whatever was in between. */
const EFFECTS = ["stop 2", "stop 1", "stop 0", "restart 0", "restart 1", "restart 2"];

describe("rollwatch, started again", () => {
  it.each([
    "planned",
    "notice-queued",
    "recovery-started",
    "stage:server",
    "stop-service:importer",
    "switch:server",
    "point-git",
    "start-service:importer",
    "prove-identity",
    "verified",
    "start-service:cleaner",
    "clean-up",
    "recovery-ended",
    "closed",
  ])("after it died before %s, brings the rollback to its end, each effect once", async (point) => {
    await withScenario({}, async (story) => {
      await begins(story);
      story.diesBefore((fact) => fact.kind === point || starts(point)(fact));
      await story.passes("40s");
      await story.stopsRollwatch();
      await story.startsRollwatch();

      await story.passes("1m");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(story.history().recoveries).toHaveLength(1);
      expect(story.history().changes.map((one) => one.plan)).toEqual([
        undefined,
        story.recovery().plan.id,
      ]);
      expect(story.pm2.calls).toEqual(EFFECTS);
      expect(await story.read("server/release")).toBe("good-1");
      expect(story.told()).toEqual(["rollback-started", "rollback-verified"]);
    });
  });

  it("after a shutdown in the middle, goes on where it was", async () => {
    await withScenario({}, async (story) => {
      await begins(story);
      await story.passesUntil(starts("prove-identity"));
      await story.stopsRollwatch();
      await story.passes("1m");
      await story.startsRollwatch();

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(story.pm2.calls).toEqual(EFFECTS);
      expect(story.recovery().attempts.length).toBeGreaterThan(1);
    });
  });

  it("after a person mended the release meanwhile, cancels what it had prepared", async () => {
    await withScenario({}, async (story) => {
      await begins(story);
      story.diesBefore(starts("stage:server"));
      await story.passes("30s");
      await story.stopsRollwatch();
      await story.write("server/main.js", "works");
      await story.startsRollwatch();

      await story.passesUntil((fact) => fact.kind === "recovery-ended");

      expect(story.recovery().ended?.result).toBe("cancelled");
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("after a deployment that it did not see, blames it for what broke since", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.stopsRollwatch();
      await story.passes("1m");
      await story.install("bad-2", "answers 500");
      await story.startsRollwatch();

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident()).toMatchObject({
        cause: "release",
        closed: { outcome: "rolled-back" },
      });
    });
  });
});
