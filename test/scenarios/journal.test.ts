import { describe, expect, it } from "vitest";
import { withScenario } from "../support/scenario.ts";

describe("when the journal cannot be written any more", () => {
  it.each(["incident-opened", "decided", "planned", "recovery-started", "step-started"])(
    "from %s on, nothing is done to the application",
    async (kind) => {
      await withScenario({}, async (story) => {
        await story.beginsProven("good-1");
        story.diesBefore((fact) => fact.kind === kind);

        await story.install("bad-2", "answers 500");
        await story.passes("2m");

        expect(story.pm2.calls).toEqual([]);
        expect(await story.read("server/release")).toBe("bad-2");
      });
    },
  );
});
