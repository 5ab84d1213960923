import { describe, expect, it } from "vitest";
import type { SchemaCatalogue } from "../../src/model/schema-catalogue.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { aCatalogue, aColumn, aTable } from "../support/schema.ts";

const ID = aColumn("id", { type: "integer", isNullable: false });
const OLD = aCatalogue([aTable("readings", [ID])]);
const ADDED = aCatalogue([aTable("readings", [ID, aColumn("note")])]);
const BROKEN = aCatalogue([aTable("readings", [{ ...ID, type: "bigint" }])]);

/** A bad release after a good one, with a migration before it. */
async function isMigrated(story: Scenario, after: SchemaCatalogue | null): Promise<void> {
  story.database.setRevision("002_alerts (2)");
  story.database.setCatalogue(OLD);
  await story.beginsProven("good-1");
  story.database.setRevision("003_summary (3)");
  story.database.setCatalogue(after);
  await story.install("bad-2", "answers 500");
}

describe("a bad release that came with a migration", () => {
  it.each([
    ["changed rows alone", OLD],
    ["only added to the schema", ADDED],
  ])("is rolled back in its code alone when that %s", async (_what, after) => {
    await withScenario({}, async (story) => {
      await isMigrated(story, after);

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("is a person's decision when the older code may break, and the differences are told", async () => {
    await withScenario({}, async (story) => {
      await isMigrated(story, BROKEN);
      await story.passes("30s");

      const { "schema-unchanged": why } = story.blocks();
      await story.as("Ada").approves(story.asked());
      await story.passesUntil((fact) => fact.kind === "closed");

      expect(why).toContain(
        "column public.readings.id changed (integer -> bigint: node-postgres reads it as a string)",
      );
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("is a person's decision when the schema cannot be read", async () => {
    await withScenario({}, async (story) => {
      await isMigrated(story, null);

      await story.passes("30s");

      expect(story.blocks()).toEqual({
        "schema-unchanged": expect.stringContaining("it cannot be read"),
      });
    });
  });

  it("is not rolled back by hand to code that may break on the schema", async () => {
    await withScenario({ triggers: { "system-down": { mode: "shadow" } } }, async (story) => {
      await isMigrated(story, BROKEN);
      await story.passes("30s");

      const asking = story.as("operator").rollsBack();

      await expect(asking).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("go back with --scope schema, database or all"),
      });
      expect(await story.read("server/release")).toBe("bad-2");
    });
  });

  it("is rolled back by hand when the schema cannot be read: somebody must be able to", async () => {
    await withScenario({ triggers: { "system-down": { mode: "shadow" } } }, async (story) => {
      await isMigrated(story, null);
      await story.passes("30s");

      await story.as("operator").rollsBack();
      await story.passesUntil((fact) => fact.kind === "closed");

      expect(await story.read("server/release")).toBe("good-1");
    });
  });
});

describe("what is kept of the schema with a release", () => {
  it("is what it was last proven on", async () => {
    await withScenario({}, async (story) => {
      story.database.setRevision("002_alerts (2)");
      story.database.setCatalogue(BROKEN);
      await story.beginsProven("good-1");
      // An index, say, that somebody made by hand; the release goes on and is proven again.
      story.database.setCatalogue(OLD);
      await story.stopsRollwatch();
      await story.startsRollwatch();
      await story.passesUntil((fact) => fact.kind === "release-proven");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident().closed?.outcome).toBe("rolled-back");
    });
  });
});
