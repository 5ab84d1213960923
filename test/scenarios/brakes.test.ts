import { describe, expect, it } from "vitest";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { aCatalogue, aTable } from "../support/schema.ts";

/** Brakes that hold nothing back, so that what else holds can be seen. */
const LOOSE = { brakes: { cooldown: "1s", rollbacksPerDay: 99 } };

async function isRolledBackOnce(story: Scenario): Promise<void> {
  await story.beginsProven("good-1");
  await story.install("bad-2", "answers 500");
  await story.passesUntil((fact) => fact.kind === "closed");
}

describe("a rollback is not made by itself", () => {
  it("when the last one is within the cool-down", async () => {
    await withScenario({}, async (story) => {
      await isRolledBackOnce(story);
      await story.passes("1m");
      await story.install("bad-3", "answers 500");

      await story.passes("30s");

      expect(Object.keys(story.blocks())).toEqual(["cooldown", "daily-budget"]);
      expect(story.told().slice(2)).toEqual(["recommended"]);
      expect(await story.read("server/release")).toBe("bad-3");
    });
  });

  it("when the release was rolled back before and is deployed again", async () => {
    await withScenario(LOOSE, async (story) => {
      await isRolledBackOnce(story);
      await story.passes("1m");
      await story.install("bad-2", "answers 500");

      await story.passes("30s");

      expect(Object.keys(story.blocks())).toEqual(["not-rolled-back-before"]);
      expect(story.begun()).toHaveLength(1);
      expect(await story.read("server/release")).toBe("bad-2");
      expect(story.told().slice(2)).toEqual(["recommended"]);
    });
  });

  it("when the schema has changed since the target ran", async () => {
    await withScenario({}, async (story) => {
      story.database.setRevision("002_alerts (2)");
      await story.beginsProven("good-1");
      story.database.setRevision("003_summary (3)");
      story.database.setCatalogue(aCatalogue([aTable("readings", [])], { serverMajor: 16 }));
      await story.install("bad-2", "answers 500");

      await story.passes("30s");

      expect(story.blocks()).toEqual({
        "schema-unchanged": expect.stringContaining("version 15 then, 16 now"),
      });
      expect(story.told()).toEqual(["recommended"]);
    });
  });

  it("when nothing was changed in the blame window", async () => {
    await withScenario(
      { triggers: { "system-down": { mode: "auto", blameWindow: "30s" } } },
      async (story) => {
        await story.beginsProven("good-1");
        await story.install("good-2", "works");
        await story.passes("1m");
        story.setSurroundings("make it answer 500");

        await story.passes("30s");

        expect(story.incident().cause).toBe("unknown");
        expect(story.recovery().plan).toMatchObject({ scope: "service", target: null });
        expect(story.begun()).toHaveLength(1);
        expect(story.told()[0]).toBe("restart-started");
        expect(await story.read("server/release")).toBe("good-2");
      },
    );
  });

  it("when the captured files were tampered with", async () => {
    await withScenario({}, async (story) => {
      await story.beginsProven("good-1");
      const [release] = story.history().releases;
      await story.write(
        `../state/releases/${release?.id ?? ""}/tree/server/main.js`,
        "not what was captured",
      );
      await story.passes("70s");
      await story.install("bad-2", "answers 500");

      await story.passes("30s");

      expect(Object.keys(story.blocks())).toEqual(["target-ready"]);
      expect(await story.read("server/release")).toBe("bad-2");
    });
  });
});

describe("a rollback that does not help", () => {
  it("is never followed by a second one: a person is needed, and the incident ends as failed", async () => {
    await withScenario(LOOSE, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(
        (fact) => fact.kind === "step-finished" && fact.step === "prove-identity",
      );
      story.setSurroundings("make it answer 500");

      await story.passesUntil((fact) => fact.kind === "recovery-ended");
      expect(story.recovery()).toMatchObject({
        verification: { result: "not-proven" },
        ended: { result: "needs-human" },
      });
      await story.passes("3m");
      expect(story.incident().closed).toBeUndefined();
      expect(story.history().recoveries).toHaveLength(1);
      expect(story.told().slice(0, 2)).toEqual(["rollback-started", "rollback-unverified"]);

      story.setSurroundings("fine");
      await story.passesUntil((fact) => fact.kind === "closed");
      expect(story.incident().closed?.outcome).toBe("failed");
    });
  });

  it("is not repeated either when it kept a configuration file, so that what runs is nothing that was captured", async () => {
    await withScenario(LOOSE, async (story) => {
      await story.write(".env", "PASSWORD=old");
      await story.beginsProven("good-1");
      story.stop("cleaner");
      await story.write(".env", "PASSWORD=new");
      await story.passes("6m");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(
        (fact) => fact.kind === "step-finished" && fact.step === "prove-identity",
      );
      story.setSurroundings("make it answer 500");

      await story.passesUntil((fact) => fact.kind === "recovery-ended");
      await story.passes("3m");

      const [first, ...more] = story.begun();
      expect(first?.plan.kept?.map((file) => file.path)).toEqual([".env"]);
      expect(more).toEqual([]);
      expect(Object.keys(story.blocks())).toContain("not-rolled-back-before");
    });
  });

  it("because a step cannot be done leaves the rest to a person", async () => {
    await withScenario(LOOSE, async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil((fact) => fact.kind === "planned");
      story.setProcessesIn("/somewhere/else");

      await story.passesUntil((fact) => fact.kind === "recovery-ended");
      await story.passes("1m");

      expect(story.recovery().ended).toMatchObject({
        result: "needs-human",
        reason: expect.stringContaining("runs in /somewhere/else"),
      });
      expect(story.recovery().verification).toBeUndefined();
      expect(story.history().recoveries).toHaveLength(1);
      expect(story.told().slice(0, 2)).toEqual(["rollback-started", "needs-human"]);
      expect(story.notice("needs-human").urgency).toBe("page");
    });
  });
});
