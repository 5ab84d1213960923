import { expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";

it("a pause while rollwatch looks whether the breach is still there keeps it from acting", async () => {
  await withScenario({}, async (story) => {
    await story.beginsProven("good-1");
    await story.install("bad-2", "answers 500");
    story.diesBefore((fact) => fact.kind === "step-started" && fact.step.startsWith("stop-"));
    await story.passes("1m");
    await story.stopsRollwatch();
    await story.startsRollwatch();
    await story.passes("250ms");

    await story.as("operator").pauses();
    await story.passes("90s");

    expect(story.history().recoveries[0]?.ended).toMatchObject({
      result: "cancelled",
      reason: "operator paused rollwatch: so it is",
    });
    expect(story.pm2.calls).toEqual([]);
  });
});
