import { expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";

it("reminds people once of what they have not done two hours after a rollback, also across a restart", async () => {
  await withScenario({}, async (story) => {
    await story.beginsProven("good-1");
    await story.install("bad-2", "answers 500");
    await story.passesUntil((fact) => fact.kind === "closed");
    const { id } = story.incident();
    await story.as("Ada").finishes(id, "document");

    await story.passes("119m");
    const before = story.told().filter((reason) => reason === "tasks-overdue");
    await story.passes("3m");
    await story.stopsRollwatch();
    await story.startsRollwatch();
    await story.passes("3m");

    expect(before).toEqual([]);
    expect(story.told().filter((reason) => reason === "tasks-overdue")).toHaveLength(1);
    const { title, text, urgency } = story.notice("tasks-overdue");
    expect(urgency).toBe("tell");
    expect(title).toContain(`3 tasks of incident ${id} are overdue`);
    expect(text).not.toContain("Document incident");
    expect(text).toContain(`rollwatch incident done ${id} assess`);
  });
});
