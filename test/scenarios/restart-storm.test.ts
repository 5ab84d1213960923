import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** It dies without a word and is started again, a few seconds later. */
async function crashes(story: Scenario, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    story.diesBefore(is("daemon-stopped"));
    await story.stopsRollwatch();
    await story.passes("5s");
    await story.startsRollwatch();
  }
}

async function statusOf(story: Scenario): ReturnType<Scenario["operations"]["status"]> {
  return story.operations.status(new AbortController().signal);
}

describe("rollwatch that crashes and is started again", () => {
  it("three times within ten minutes acts as before", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await crashes(story, 3);

      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("closed"));

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect((await statusOf(story)).observing).toBeNull();
    });
  });

  it("four times only asks people, pages once, and says so until somebody resumes it", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await crashes(story, 5);
      await story.install("bad-2", "answers 500");

      await story.passesUntil(is("approval-asked"));

      expect(story.told()).toEqual(["restart-storm", "recommended"]);
      expect(story.notice("restart-storm").urgency).toBe("page");
      expect(Object.keys(story.blocks())).toEqual(["no-restart-storm"]);
      expect((await statusOf(story)).observing).toMatchObject({ by: "rollwatch" });
      expect(story.begun()).toEqual([]);

      const { ended } = await story.as("Ada").resumes();
      await story.passesUntil(is("closed"));

      expect(ended.map(({ by }) => by)).toEqual(["rollwatch"]);
      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("acts again after its quiet time, which a stop by a person neither cuts short nor begins anew", async () => {
    await withScenario({ brakes: { restartStorm: { quiet: "2m" } } }, async (story) => {
      await story.beginsProven("good-1");
      await crashes(story, 4);
      const { until } = (await statusOf(story)).observing ?? {};
      await story.passes("30s");
      await story.stopsRollwatch();
      await story.startsRollwatch();
      const after = (await statusOf(story)).observing;

      await story.passes("90s");

      expect(after?.until).toBe(until);
      expect((await statusOf(story)).observing).toBeNull();
    });
  });

  it("does what people approve meanwhile", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await crashes(story, 4);
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("approval-asked"));

      await story.as("Ada").approves(story.asked());
      await story.passesUntil(is("closed"));

      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });

  it("carries to its end what it had begun to do", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await crashes(story, 3);
      await story.install("bad-2", "answers 500");
      story.diesBefore((fact) => fact.kind === "step-finished" && fact.step.startsWith("stop-"));
      await story.passes("1m");
      await story.stopsRollwatch();
      await story.startsRollwatch();

      await story.passesUntil(is("closed"));

      expect(story.told()).toContain("restart-storm");
      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("asks about what it had only prepared", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      await crashes(story, 3);
      await story.install("bad-2", "answers 500");
      story.diesBefore((fact) => fact.kind === "step-started" && fact.step.startsWith("stop-"));
      await story.passes("1m");
      await story.stopsRollwatch();
      await story.startsRollwatch();

      await story.passesUntil(is("approval-asked"));

      expect(story.history().recoveries[0]?.ended?.result).toBe("cancelled");
      expect(story.pm2.calls).toEqual([]);
    });
  });
});
