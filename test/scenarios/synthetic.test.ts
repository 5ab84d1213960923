import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withScenario, type Scenario } from "../support/scenario.ts";
import type { Policy, Unlike } from "../support/story-config.ts";
import { HEALTH, PAGE } from "../support/story-world.ts";

const ALARM: Unlike = {
  signals: [
    { name: "health", trigger: "system-down", probe: { kind: "http", url: HEALTH } },
    {
      name: "alarm",
      trigger: "alerting-broken",
      probe: {
        kind: "synthetic-alert",
        url: PAGE,
        body: { note: "{{mark}}" },
        expectRow: "select from alerts where note = $1",
        cleanUp: {
          sql: ["delete from readings where note = $1"],
          databaseUrl: "postgres://host/db",
        },
        interval: "30s",
      },
      breachAfter: 2,
    },
  ],
};
const POLICY: Policy = { triggers: { "alerting-broken": { mode: "auto" } } };

async function kept(story: Scenario): Promise<readonly string[]> {
  return readdir(join(story.config.state, "synthetic")).catch(() => []);
}

describe("the way of an alarm", () => {
  it("is gone with a release, which is taken back; of what was posted nothing is left", async () => {
    await withScenario(
      POLICY,
      async (story) => {
        await story.beginsProven("good-1");

        story.statements.setFound({ kind: "nothing" });
        await story.install("bad-2", "works");
        await story.passesUntil((fact) => fact.kind === "planned");
        story.statements.setFound({ kind: "found" });
        await story.passesUntil((fact) => fact.kind === "closed");
        await story.passes("3m");

        expect(story.incident()).toMatchObject({
          trigger: "alerting-broken",
          cause: "release",
          closed: { outcome: "rolled-back" },
        });
        const cleaned = new Set(story.statements.ran.map(({ mark }) => mark));
        expect(new Set(story.statements.sought)).toEqual(cleaned);
        expect(await kept(story)).toEqual([]);
      },
      ALARM,
    );
  });

  it("that a killed rollwatch has left marked is cleaned up by the next one at its start", async () => {
    await withScenario(
      POLICY,
      async (story) => {
        const folder = join(story.config.state, "synthetic");
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const left = { mark: "rollwatch-left", at: story.clock.now() - 60_000 };
        await writeFile(join(folder, "alarm.json"), JSON.stringify([left]));

        await story.beginsProven("good-1");

        expect(story.statements.ran[0]?.mark).toBe("rollwatch-left");
      },
      ALARM,
    );
  });
});
