import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Asked, type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy, Unlike } from "../support/story-config.ts";

const TWO: Policy = { triggers: { "data-corruption": { mode: "recommend" } } };
const ONE: Policy = { triggers: { "system-down": { mode: "recommend" } } };
/** Two people who are woken and one place that is only informed. */
const PLACES: Unlike = {
  notify: {
    channels: { pager: { kind: "log" }, room: { kind: "log" } },
    routes: { page: ["pager"], tell: ["room"] },
  },
};
const REASON = "the other one is on a plane";

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** The DBA reports what only two people together may answer. */
async function asksTwo(story: Scenario): Promise<Asked> {
  await story.beginsProven("good-1");
  await story.install("good-2", "works");
  await story.passes("10s");
  await story.as("Dana").reports("data-corruption");
  await story.passesUntil(is("approval-asked"));
  return story.asked();
}

describe("a plan that takes two people", () => {
  it("is carried out on the word of one who says why, which everybody is told", async () => {
    await withScenario(
      TWO,
      async (story) => {
        const asked = await asksTwo(story);

        const report = await story.as("Ada").overrides(asked, REASON);
        await story.passesUntil(is("recovery-ended"));

        expect(report.state).toBe("running");
        expect(story.asked().approval.given).toMatchObject([{ by: "Ada", override: REASON }]);
        expect(story.recovery().ended?.result).toBe("completed");
        const notice = story.notice("approval-overridden");
        expect(notice).toMatchObject({ urgency: "page", channels: ["pager", "room"] });
        expect(notice.text).toContain(
          `by Ada (system-administrator), without database-administrator. Why: ${REASON}`,
        );
        expect(story.told()).not.toContain("approval-given");
      },
      PLACES,
    );
  });

  it("is carried out when one of them has waited for the other in vain", async () => {
    await withScenario(TWO, async (story) => {
      const asked = await asksTwo(story);
      await story.as("Dana").approves(asked);
      await expect(story.as("Dana").approves(asked)).rejects.toMatchObject({ code: "refused" });

      const report = await story.as("Dana").overrides(asked, REASON);

      expect(report.state).toBe("running");
    });
  });

  it.each(["Bo", "Max", "operator"] as const)(
    "is not overridden by somebody who does not decide: %s",
    async (name) => {
      await withScenario(TWO, async (story) => {
        const asked = await asksTwo(story);

        const override = story.as(name).overrides(asked, REASON);

        await expect(override).rejects.toMatchObject({ code: "not-permitted" });
        expect(story.asked().approval.given).toEqual([]);
      });
    },
  );

  it("is asked about again while nobody decides, of everybody, and says who has answered", async () => {
    await withScenario(
      { ...TWO, approval: { askAgain: "60s" } },
      async (story) => {
        const asked = await asksTwo(story);
        await story.as("Dana").approves(asked);

        await story.passes("130s");

        const told = story.told().filter((one) => one === "approval-unanswered");
        expect(told).toHaveLength(2);
        const notice = story.notice("approval-unanswered");
        expect(notice.channels).toEqual(["pager", "room"]);
        expect(notice.text).toContain(
          "approved by Dana (database-administrator) so far. Needed: system-administrator.",
        );
      },
      PLACES,
    );
  });
});

describe("a plan that takes one person", () => {
  it("has nobody to override", async () => {
    await withScenario(ONE, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("approval-asked"));

      const override = story.as("Ada").overrides(story.asked(), REASON);

      await expect(override).rejects.toMatchObject({ code: "refused" });
      expect(story.asked().approval.given).toEqual([]);
    });
  });
});
