import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { withScenario, type Scenario } from "../support/scenario.ts";

const LIVE = new AbortController().signal;

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** Two good releases, of which the second one runs; its id. */
async function hasTwo(story: Scenario): Promise<string> {
  await story.beginsProven("good-1");
  await story.install("good-2", "works");
  await story.passesUntil(is("release-proven"));
  return story.history().releases.at(-1)?.id ?? "";
}

describe("a release that breaks", () => {
  it("is not rolled back by itself while it is a security floor", async () => {
    await withScenario({}, async (story) => {
      const floor = await hasTwo(story);
      await story.as("operator").marks(floor);
      story.setSurroundings("make it answer 500");

      await story.passesUntil(is("approval-asked"));

      expect(Object.keys(story.blocks())).toEqual(["security-floor"]);
      expect(story.blocks()["security-floor"]).toContain(`${floor}, which operator marked`);
      expect(story.begun()).toEqual([]);
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("is rolled back when the floor was taken back", async () => {
    await withScenario({}, async (story) => {
      const floor = await hasTwo(story);
      await story.as("operator").marks(floor);
      await story.as("operator").unmarks(floor);
      story.setSurroundings("make it answer 500");

      await story.passesUntil(is("recovery-started"));

      expect(story.blocks()).toEqual({});
    });
  });

  it("is not rolled back when the floor is marked while that is prepared", async () => {
    await withScenario({}, async (story) => {
      const floor = await hasTwo(story);
      story.setCopyTime(10_000);
      story.setSurroundings("make it answer 500");
      await story.passesUntil(is("recovery-started"));
      await story.as("operator").marks(floor);

      await story.passesUntil(is("approval-asked"));

      expect(story.begun()).toMatchObject([
        { ended: { result: "cancelled", reason: expect.stringContaining("security floor") } },
      ]);
      expect(story.pm2.calls).toEqual([]);
    });
  });
});

describe("a person", () => {
  it("is warned of the floor, and may go below it", async () => {
    await withScenario({}, async (story) => {
      const floor = await hasTwo(story);
      await story.as("operator").marks(floor);

      const { refusals } = await story.operations.previewRollback({}, LIVE);
      await story.as("operator").rollsBack();
      await story.passesUntil(is("closed"));

      expect(refusals.map(({ guard }) => guard)).toContain("security-floor");
      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("sees the floor in the list, and cannot mark what was never captured", async () => {
    await withScenario({}, async (story) => {
      const floor = await hasTwo(story);
      await story.as("operator").marks(floor);

      const [newest, older] = await story.operations.releases(LIVE);
      const details = await story.operations.showRelease(floor, LIVE);

      expect(newest?.securityFloor).toMatchObject({ by: "operator", reason: "so it is" });
      expect(older).not.toHaveProperty("securityFloor");
      expect(details.securityFloor).toMatchObject({ by: "operator" });
      await expect(story.as("operator").marks("rel-none")).rejects.toMatchObject({
        code: "release-unknown",
      });
      await expect(story.as("operator").unmarks(older?.id ?? "")).rejects.toMatchObject({
        code: "refused",
      });
    });
  });
});
