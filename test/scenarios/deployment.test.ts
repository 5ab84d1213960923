import { describe, expect, it } from "vitest";
import { deploymentBy, recoveryLockPath } from "../../src/app/locks.ts";
import { holdLock } from "../../src/system/lock.ts";
import { withScenario } from "../support/scenario.ts";
import { commitOf } from "../support/story-world.ts";

describe("a deployment that asked for the lock", () => {
  it("is left alone while it runs; what it leaves broken is rolled back when it is over", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      const deployment = holdLock(recoveryLockPath(story.config), deploymentBy("ada"));
      await story.install("bad-2", "answers 500");

      await story.passes("1m");

      expect(Object.keys(story.blocks())).toEqual(["no-deployment-running", "lock-held"]);
      expect(story.blocks()["no-deployment-running"]).toContain("deployment by ada");
      expect(story.notice("held").text).toContain("deployment by ada");
      expect(story.history().recoveries).toEqual([]);

      deployment.release();
      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("between the decision and the first act goes first: the plan waits, and then is not about what is deployed", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      story.diesBefore((fact) => fact.kind === "recovery-started");
      await story.passes("1m");
      await story.stopsRollwatch();
      const deployment = holdLock(recoveryLockPath(story.config), deploymentBy("ada"));
      await story.startsRollwatch();

      await story.passes("20s");
      expect(story.begun()).toEqual([]);
      await story.install("bad-3", "answers 500");
      deployment.release();
      await story.passesUntil((fact) => fact.kind === "recovery-ended");

      expect(story.recovery().ended).toMatchObject({
        result: "cancelled",
        reason: expect.stringContaining("what is deployed changed since the plan was made"),
      });
    });
  });
});

describe("a deployment that does not ask, in the middle of a rollback", () => {
  it.each(["switch:server", "prove-identity"])(
    "is noticed before %s, which a person must look at",
    async (next) => {
      await withScenario({}, async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");
        story.diesBefore((fact) => fact.kind === "step-started" && fact.step === next);
        await story.passes("1m");
        await story.stopsRollwatch();

        story.git.commit(commitOf("other-3"));
        await story.startsRollwatch();
        await story.passesUntil((fact) => fact.kind === "recovery-ended");

        expect(story.recovery().ended).toMatchObject({
          result: "needs-human",
          reason: expect.stringContaining(`before ${next}: somebody moved HEAD`),
        });
        expect(story.notice("needs-human").urgency).toBe("page");
      });
    },
  );
});
