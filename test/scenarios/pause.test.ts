import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

async function isRolledBack(story: Scenario): Promise<void> {
  await story.passesUntil(is("closed"));
  expect(story.incident().closed?.outcome).toBe("rolled-back");
  expect(await story.read("server/release")).toBe("good-1");
}

describe("while rollwatch is paused", () => {
  it("nothing is done and people are told; when it is resumed, it acts", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("Ada").pauses();
      await story.install("bad-2", "answers 500");

      await story.passes("2m");
      expect(Object.keys(story.blocks())).toEqual(["not-paused"]);
      expect(story.blocks()["not-paused"]).toContain("Ada paused rollwatch");
      expect(story.told()).toEqual(["paused", "held"]);
      expect(story.notice("held").urgency).toBe("page");
      expect(story.history().recoveries).toEqual([]);

      await story.as("operator").resumes();
      await isRolledBack(story);
      expect(story.told().slice(2)).toEqual(["resumed", "rollback-started", "rollback-verified"]);
    });
  });

  it("for a time acts when that is over", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("Ada").pauses("1m");
      const until = story.clock.now() + 60_000;
      await story.install("bad-2", "answers 500");

      await story.passesUntil(is("planned"));

      expect(story.clock.now()).toBeGreaterThanOrEqual(until);
      await isRolledBack(story);
    });
  });

  it("stays so through a restart of rollwatch, and says so in its status", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("Ada").pauses();
      await story.stopsRollwatch();
      await story.startsRollwatch();
      await story.install("bad-2", "answers 500");

      await story.passes("1m");

      const { paused } = await story.operations.status(new AbortController().signal);
      expect(paused).toMatchObject({ by: "Ada", until: null });
      expect(story.history().recoveries).toEqual([]);
      expect(await story.read("server/release")).toBe("bad-2");
    });
  });

  it("what was not begun cannot be ended", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");

      await expect(story.as("operator").resumes()).rejects.toMatchObject({ code: "refused" });
      await expect(story.as("operator").endsMaintenance()).rejects.toMatchObject({
        code: "refused",
      });
    });
  });
});

describe("a pause between the decision and the first act", () => {
  it("cancels what was prepared", async () => {
    await withScenario(
      {},
      async (story) => {
        story.setCopyTime(10_000);
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");
        await story.passesUntil(is("step-started"));

        await story.as("operator").pauses();
        await story.passesUntil(is("recovery-ended"));
        await story.passes("20s");

        expect(story.recovery().ended).toMatchObject({
          result: "cancelled",
          reason: "operator paused rollwatch: so it is",
        });
        expect(story.pm2.calls).toEqual([]);
        expect(story.begun()).toHaveLength(1);
      },
      { warm: false },
    );
  });

  it("does not stop what is in the middle of its acts: half a release is worse than either", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(
        (fact) => fact.kind === "step-started" && fact.step === "prove-identity",
      );

      await story.as("operator").pauses();
      await story.passesUntil(is("closed"));

      expect(story.recovery().ended?.result).toBe("completed");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });
});

describe("in maintenance", () => {
  it("a breach wakes nobody and nothing is done; what is left when it is over is acted on", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("operator").startsMaintenance("2m");
      await story.install("bad-2", "answers 500");

      await story.passes("110s");
      expect(story.told()).toEqual(["maintenance-started"]);
      expect(Object.keys(story.blocks())).toEqual(["not-in-maintenance"]);
      expect(story.history().recoveries).toEqual([]);

      await isRolledBack(story);
    });
  });

  it("what cures itself is told to nobody", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("operator").startsMaintenance("10m");
      story.setSurroundings("make it answer 500");
      await story.passesUntil(is("incident-opened"));
      story.setSurroundings("fine");

      await story.passesUntil(is("closed"));

      const pages = story
        .facts()
        .flatMap((fact) => (fact.kind === "notice-queued" ? [fact.notice] : []))
        .filter((notice) => notice.urgency === "page");
      expect(pages).toEqual([]);
    });
  });

  it("rollwatch acts as soon as a person ends it, also when rollwatch was restarted", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await story.as("operator").startsMaintenance("1h");
      await story.install("bad-2", "answers 500");
      await story.passes("20s");
      await story.stopsRollwatch();
      await story.startsRollwatch();
      await story.passes("20s");
      expect(story.history().recoveries).toEqual([]);

      await story.as("operator").endsMaintenance();

      await isRolledBack(story);
    });
  });
});
