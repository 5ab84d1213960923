import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Asked, type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy } from "../support/story-config.ts";

const COUNTED: Policy = { triggers: { "system-down": { mode: "auto", countdown: "1m" } } };

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** A bad release is deployed, and rollwatch says that it will go back. */
async function counts(story: Scenario): Promise<Asked> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil(is("approval-asked"));
  return story.asked();
}

async function leftOf(story: Scenario): Promise<number | null> {
  const { waiting } = await story.operations.status(new AbortController().signal);
  const { beginsAt = null } = waiting ?? {};
  return beginsAt === null ? null : beginsAt - story.clock.now();
}

/** Nothing more is done by itself: what was stopped stays stopped. */
async function isUntouched(story: Scenario): Promise<void> {
  await story.passes("3m");
  expect(story.pm2.calls).toEqual([]);
  expect(await story.read("server/release")).toBe("bad-2");
}

describe("a rollback that is counted down", () => {
  it("begins by itself when nobody has said no, with the plan that people were told of", async () => {
    await withScenario(COUNTED, async (story) => {
      const { plan, approval } = await counts(story);
      const left = await leftOf(story);
      await story.passes("55s");
      const before = story.pm2.calls.length;

      await story.passesUntil(is("closed"));

      expect(left).toBeGreaterThan(59_000);
      expect(left).toBeLessThanOrEqual(60_000);
      expect(before).toBe(0);
      expect(story.history().recoveries.map((one) => one.plan.id)).toEqual([plan.id]);
      const [attempt = 0] = story.recovery().attempts;
      expect(attempt - approval.askedAt).toBeGreaterThanOrEqual(60_000);
      expect(attempt - approval.askedAt).toBeLessThanOrEqual(62_000);
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(story.told()).toEqual(["countdown", "rollback-started", "rollback-verified"]);
    });
  });

  it("is stopped by one no, and nothing is done or asked in this incident any more", async () => {
    await withScenario(COUNTED, async (story) => {
      const asked = await counts(story);

      await story.as("Ada").rejects(asked);

      await isUntouched(story);
      expect(story.told()).toEqual(["countdown", "approval-rejected"]);
    });
  });

  it("begins at once when somebody who decides says yes", async () => {
    await withScenario(COUNTED, async (story) => {
      const asked = await counts(story);

      await story.as("Ada").approves(asked);
      await story.passesUntil(is("recovery-started"));

      expect(story.clock.now() - asked.approval.askedAt).toBeLessThan(10_000);
      await story.passesUntil(is("closed"));
      expect(story.facts().filter(is("countdown-over"))).toEqual([]);
      expect(story.recovery().ended?.result).toBe("completed");
    });
  });

  it("is not begun when rollwatch is paused meanwhile, and that is told", async () => {
    await withScenario(COUNTED, async (story) => {
      await counts(story);

      await story.as("Ada").pauses("10m");

      await isUntouched(story);
      expect(story.told()).toContain("rollback-cancelled");
      expect(await leftOf(story)).toBeNull();
    });
  });

  it("is not begun when the breach clears meanwhile", async () => {
    await withScenario(COUNTED, async (story) => {
      const { plan } = await counts(story);
      await story.write("server/main.js", "works");

      await story.passesUntil(is("closed"));

      expect(story.pm2.calls).toEqual([]);
      expect(story.history().recoveries).toMatchObject([
        { plan: { id: plan.id }, ended: { result: "cancelled" } },
      ]);
      expect(story.told()).toEqual(["countdown", "recovered"]);
    });
  });

  it("is counted anew when rollwatch was away, and told once", async () => {
    await withScenario(COUNTED, async (story) => {
      const { plan } = await counts(story);
      await story.passes("50s");
      await story.stopsRollwatch();
      await story.startsRollwatch();
      await story.passes("50s");
      const after = story.pm2.calls.length;

      await story.passesUntil(is("closed"));

      expect(after).toBe(0);
      expect(story.begun().map((one) => one.plan.id)).toEqual([plan.id]);
      expect(story.told()).toEqual(["countdown", "rollback-started", "rollback-verified"]);
    });
  });

  it("lasts as long as was said when the clock is set back", async () => {
    await withScenario(COUNTED, async (story) => {
      await counts(story);
      await story.passes("20s");
      story.clock.jumpWall(-5 * 3_600_000);

      await story.passes("35s");
      const during = story.pm2.calls.length;
      await story.passes("30s");

      expect(during).toBe(0);
      expect(story.begun()).toHaveLength(1);
    });
  });

  it("becomes a question when the clock is set forward: nobody can tell what followed on what", async () => {
    await withScenario(COUNTED, async (story) => {
      await counts(story);
      await story.passes("20s");
      story.clock.jumpWall(20 * 60_000);

      await isUntouched(story);

      expect(story.told()).toEqual(["countdown", "rollback-cancelled", "recommended"]);
      expect(await leftOf(story)).toBeNull();
    });
  });

  it("is told by the next life when rollwatch was killed before it could tell", async () => {
    await withScenario(COUNTED, async (story) => {
      await story.beginsProven("good-1");
      story.diesBefore(is("notice-queued"));
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("approval-asked"));
      await story.stopsRollwatch();
      await story.startsRollwatch();

      await story.passesUntil(is("closed"));

      expect(story.told()).toEqual(["countdown", "rollback-started", "rollback-verified"]);
    });
  });
});
