import { describe, expect, it } from "vitest";
import { exportIncident, followUps } from "../../src/app/export-incident.ts";
import { type Headings, HEADINGS } from "../../src/model/after-action.ts";
import type { Fact } from "../../src/model/facts.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";

const { signal } = new AbortController();

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

async function markdownOf(story: Scenario, headings: Headings = "runbook"): Promise<string> {
  const { id } = story.incident();
  return exportIncident(story.config, { id, format: "markdown", headings }, signal);
}

/** A bad release is deployed and rolled back by itself. */
async function rollsBack(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil(is("closed"));
  await story.stopsRollwatch();
}

describe("the report of an incident that was rolled back", () => {
  it("fills in each moment of the response against the budget, from the journal alone", async () => {
    await withScenario({}, async (story) => {
      await rollsBack(story);

      const { id } = story.incident();
      const order = { id, format: "json", headings: "runbook" } as const;
      const report: unknown = JSON.parse(await exportIncident(story.config, order, signal));

      const [recovery] = story.history().recoveries;
      expect(report).toMatchObject({
        format: 1,
        incident: { id, closed: { outcome: "rolled-back" } },
        milestones: [
          { name: "detected", at: story.incident().openedAt },
          { name: "decided", at: story.incident().decisions.at(-1)?.at },
          { name: "acted" },
          { name: "restored" },
          { name: "verified", at: recovery?.verification?.at },
        ],
        recoveries: [{ plan: recovery?.plan.id, ended: { result: "completed" } }],
        impact: { database: [] },
      });
      expect(report).not.toMatchObject({ milestones: [{ at: null }] });
    });
  });

  it("shows what was recorded of its signals, with how much of it was bad", async () => {
    await withScenario(
      {},
      async (story) => {
        await rollsBack(story);

        const markdown = await markdownOf(story);

        expect(markdown).toMatch(/limit \d+, [1-9]\d* of \d+ samples above it/u);
        expect(markdown).toMatch(/[▁█]{10,}/u);
      },
      { recording: true },
    );
  });

  it("names every step, every guard and every notice, and leaves judgement to people", async () => {
    await withScenario({}, async (story) => {
      await rollsBack(story);

      const markdown = await markdownOf(story);

      const steps = story.recovery().plan.steps.map(({ text = "" }) => text.split("/")[0]);
      const guards = story.incident().decisions.flatMap((one) => one.guards);
      expect(steps.filter((text = "") => !markdown.includes(text))).toEqual([]);
      expect(guards.filter(({ guard }) => !markdown.includes(guard))).toEqual([]);
      expect(markdown).toContain("log: delivered at");
      expect(markdown).toContain("| Users affected | unknown |");
      expect(markdown.match(/\*\*For people to judge:\*\*/gu)?.length).toBeGreaterThan(4);
    });
  });

  it.each(HEADINGS)("has the same facts below the headings of %s", async (headings) => {
    await withScenario({}, async (story) => {
      await rollsBack(story);

      const markdown = await markdownOf(story, headings);

      expect(markdown).toContain(story.recovery().plan.id);
      expect(markdown).toContain("Verified");
      expect(markdown).toContain("find-cause");
    });
  });
});

describe("the report of an incident in which rollwatch was killed", () => {
  it("says when rollwatch did not run, and which step was not written down", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      let deaths = 0;
      story.diesBefore(({ kind }) => kind === "step-finished" && (deaths += 1) === 1);
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("step-started"));
      await story.passes("5s");
      await story.startsRollwatch();
      await story.passesUntil(is("closed"));
      await story.stopsRollwatch();

      const markdown = await markdownOf(story);

      expect(markdown).toContain("rollwatch did not run: what happened just before is unknown");
      expect(markdown).toContain("its outcome was not written down");
      expect(markdown).toMatch(/begun [2-9] times/u);
    });
  });
});

describe("the tasks of an incident", () => {
  it("are ticked by people, once each, and survive a restart", async () => {
    await withScenario({}, async (story) => {
      await rollsBack(story);
      await story.startsRollwatch();
      const { id } = story.incident();
      await story.as("Ada").finishes(id, "find-cause");
      await story.as("Dana").finishes(id, "find-cause");
      await story.stopsRollwatch();
      await story.startsRollwatch();
      await story.stopsRollwatch();

      const { tasks } = await followUps(story.config, id);

      const done = tasks.filter((one) => one.done !== null);
      expect(done.map(({ id: task, done: tick }) => [task, tick?.by])).toEqual([
        ["find-cause", "Ada"],
      ]);
      expect(await markdownOf(story)).toContain("- [x] Investigate cause");
    });
  });

  it("that are items of a checklist, too, are ticked there at once, and facts tick what they prove", async () => {
    await withScenario({}, async (story) => {
      await rollsBack(story);
      await story.startsRollwatch();
      const { id } = story.incident();
      await story.as("Ada").finishes(id, "document");
      await story.stopsRollwatch();

      const { checklists } = await followUps(story.config, id);

      const ticked = checklists.flatMap(({ items }) =>
        items.flatMap(({ id: item, done }) => (done === null ? [] : [`${item} by ${done.by}`])),
      );
      expect(ticked).toEqual([
        "tag-commit by rollwatch",
        "stop-services by rollwatch",
        "execute-rollback by rollwatch",
        "verify-health by rollwatch",
        "send-updates by rollwatch",
        "document-actions by rollwatch",
        "complete-checks by rollwatch",
        "notify-stakeholders by rollwatch",
        "document by Ada",
      ]);
    });
  });

  it("are refused by name where there is no such task", async () => {
    await withScenario({}, async (story) => {
      await rollsBack(story);
      await story.startsRollwatch();

      const asked = story.as("Ada").finishes(story.incident().id, "sleep");

      await expect(asked).rejects.toMatchObject({ message: /find-cause/u });
    });
  });
});

describe("what people wrote", () => {
  it("shows as it was written, is no markup, and shows none of the configuration's secrets", async () => {
    await withScenario({}, async (story) => {
      await rollsBack(story);
      await story.startsRollwatch();
      const { id } = story.incident();
      await story.as("Ada").notes(id, "<img src=x> | **done** [link](javascript:x) hunter2hunter2");
      await story.stopsRollwatch();

      const config = { ...story.config, secrets: ["hunter2hunter2"] };
      const order = { id, format: "markdown", headings: "runbook" } as const;
      const markdown = await exportIncident(config, order, signal);

      expect(markdown).toContain(
        String.raw`\<img src=x\> \| \*\*done\*\* \[link\](javascript:x) \[redacted\]`,
      );
      expect(markdown).not.toContain("hunter2");
    });
  });

  it("is refused with a hint where no incident has the id", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      const order = { id: "inc-none", format: "json", headings: "runbook" } as const;

      const asked = exportIncident(story.config, order, signal);

      await expect(asked).rejects.toMatchObject({ code: "incident-unknown" });
    });
  });
});
