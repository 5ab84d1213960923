import { describe, expect, it } from "vitest";
import { reviewAt } from "../../src/app/contact-review.ts";
import { CalendarSettings } from "../../src/model/calendar.ts";
import { withScenario } from "../support/scenario.ts";

const REVIEWED = "2026-10-01";

describe("the review of contacts and procedures", () => {
  it.each([
    ["on its 30th day", "2026-10-31T23:59Z", undefined],
    ["the day after", "2026-11-01T00:00Z", 0],
    ["a week later", "2026-11-07T12:00Z", 0],
    ["on the eighth day", "2026-11-08T00:00Z", 1],
    ["months later", "2027-01-30T00:00Z", 12],
  ])("is overdue after 30 days, and told again each week: %s", (_what, now, turn) => {
    expect(reviewAt({ reviewed: REVIEWED }, Date.parse(now))?.turn).toBe(turn);
  });

  it("is overdue by the team's own calendar", () => {
    const calendar = CalendarSettings.parse({ timeZone: "Pacific/Auckland" });
    const now = Date.parse("2026-10-31T12:00Z");

    expect(reviewAt({ reviewed: REVIEWED, calendar }, now)?.days).toBe(31);
    expect(reviewAt({ reviewed: REVIEWED }, now)).toBeUndefined();
  });

  it("is nobody's matter where nobody said when it was", () => {
    expect(reviewAt({}, Date.parse("2027-01-30T00:00Z"))).toBeUndefined();
  });

  it("is asked for once, also across a restart, and wakes nobody", async () => {
    await withScenario(
      {},
      async (story) => {
        await story.beginsProven("good-1");
        await story.passes("5m");
        await story.stopsRollwatch();
        await story.startsRollwatch();
        await story.passes("5m");

        expect(story.told().filter((reason) => reason === "review-overdue")).toHaveLength(1);
        const { title, text, urgency } = story.notice("review-overdue");
        expect(urgency).toBe("tell");
        expect(title).toContain("were reviewed 52 days ago");
        expect(text).toContain("`people.reviewed`");
      },
      { people: { reviewed: REVIEWED } },
    );
  });
});
