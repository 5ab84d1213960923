import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/model/notice.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy, Unlike } from "../support/story-config.ts";

/** Usually every 15 minutes. */
const EVERY: Unlike = { notify: { updates: "60s" } };
/** People are asked, and have two hours to answer. */
const ASKING: Policy = {
  triggers: { "system-down": { mode: "recommend" } },
  approval: { expires: "2h" },
};

async function asks(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil((fact) => fact.kind === "approval-asked");
}

function noticesOf(story: Scenario): readonly Notice[] {
  return story.facts().flatMap((fact) => (fact.kind === "notice-queued" ? [fact.notice] : []));
}

/** Seconds between the notices about the incident. */
function gapsOf(story: Scenario): readonly number[] {
  const times = noticesOf(story).flatMap((one) => (one.incident === null ? [] : [one.at]));
  return times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / 1000);
}

describe("while an incident is open", () => {
  it("people hear of it every so often, until it is closed", async () => {
    await withScenario(
      ASKING,
      async (story) => {
        await asks(story);

        await story.passes("185s");
        await story.install("good-3", "works");
        await story.passes("30s");

        expect(story.told()).toEqual([
          "recommended",
          "status-update",
          "status-update",
          "status-update",
          "recovered",
        ]);
        expect(
          gapsOf(story)
            .slice(0, 3)
            .every((gap) => gap >= 60 && gap <= 70),
        ).toBe(true);
        expect(story.notice("status-update")).toMatchObject({ urgency: "tell" });
        expect(story.notice("status-update").text).toContain("waits for approval until");
      },
      EVERY,
    );
  });

  it("another message starts the time anew", async () => {
    await withScenario(
      ASKING,
      async (story) => {
        await asks(story);

        await story.passes("40s");
        await story.as("Ada").rejects(story.asked());
        await story.passes("55s");
        const before = story.told();
        await story.passes("20s");

        expect(before).toEqual(["recommended", "approval-rejected"]);
        expect(story.told()).toEqual(["recommended", "approval-rejected", "status-update"]);
      },
      EVERY,
    );
  });

  it("a restart of rollwatch neither forgets the time nor says anything twice", async () => {
    await withScenario(
      ASKING,
      async (story) => {
        await asks(story);
        await story.passes("40s");

        await story.stopsRollwatch();
        await story.startsRollwatch();
        await story.passes("30s");
        await story.stopsRollwatch();
        await story.startsRollwatch();
        await story.passes("30s");

        expect(story.told()).toEqual(["recommended", "status-update"]);
      },
      EVERY,
    );
  });

  it.each([-5, 5])(
    "a clock that is set by %i hours neither keeps it from them nor repeats it",
    async (hours) => {
      await withScenario(
        ASKING,
        async (story) => {
          await asks(story);
          story.clock.jumpWall(hours * 3_600_000);

          await story.passes("100s");

          expect(story.told().filter((one) => one === "status-update")).toHaveLength(1);
        },
        EVERY,
      );
    },
  );

  it.each([
    ["the trigger is in shadow", { "system-down": { mode: "shadow" } }],
    ["the matter can wait", { "system-down": { mode: "recommend", tier: "planned" } }],
  ] as const)("nobody hears of it again where %s", async (_why, triggers) => {
    await withScenario(
      { triggers, approval: { expires: "2h" } },
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");

        await story.passes("3m");

        expect(story.history().incidents).toHaveLength(1);
        expect(story.told()).not.toContain("status-update");
      },
      EVERY,
    );
  });
});
