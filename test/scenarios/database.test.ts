import { describe, expect, it } from "vitest";
import type { Trigger } from "../../src/model/trigger.ts";
import type { ConnectionHolder } from "../../src/system/postgres-check.ts";
import type { DatabasePhase } from "../../src/system/postgres-phase.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import type { Policy, Unlike } from "../support/story-config.ts";
import { HEALTH } from "../support/story-world.ts";

/** The application says that it cannot reach its database, and so proves this trigger. */
function saying(trigger: Trigger): Unlike {
  return { signals: [{ name: "database", trigger, probe: { kind: "http", url: HEALTH } }] };
}

function automatic(trigger: Trigger): Policy {
  return { triggers: { [trigger]: { mode: "auto" } } };
}

async function withoutDatabase(
  body: (story: Scenario) => Promise<void>,
  policy?: Policy,
): Promise<void> {
  const trigger = "database-connection";
  await withScenario(policy ?? automatic(trigger), body, saying(trigger));
}

function held(sessions: number, program: string, role: string): ConnectionHolder {
  return { sessions, program, role };
}

/** Looked at with these sessions, then full. */
async function fills(story: Scenario, ...holders: readonly ConnectionHolder[]): Promise<void> {
  story.database.setAnswer({ kind: "answers", holders, maxConnections: 20 });
  await story.passes("6s");
  story.database.setAnswer({ kind: "fails", sqlstate: "53300", detail: "too many clients" });
}

describe("an application that cannot reach its database", () => {
  it("goes back to the release before, while the database answers rollwatch", async () => {
    await withoutDatabase(async (story) => {
      await story.beginsProven("good-1");

      await story.install("bad-2", "answers 500");
      await story.passesUntil((fact) => fact.kind === "closed");

      expect(story.incident()).toMatchObject({
        trigger: "database-connection",
        cause: "release",
        closed: { outcome: "rolled-back" },
      });
      expect(await story.read("server/release")).toBe("good-1");
    });
  });

  it("gets its former configuration back when nothing but that was changed", async () => {
    const briefly = {
      triggers: { "database-connection": { mode: "auto", blameWindow: "5m" } },
    } as const;
    await withoutDatabase(async (story) => {
      await story.write(".env", "DATABASE=here");
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passesUntil((fact) => fact.kind === "release-proven");
      await story.passes("6m");

      await story.write(".env", "DATABASE=elsewhere");
      await story.passes("6s");
      story.setSurroundings("make it answer 500");
      await story.passesUntil((fact) => fact.kind === "planned");

      expect(story.incident()).toMatchObject({ cause: "configuration" });
      expect(await story.read(".env")).toBe("DATABASE=here");
    }, briefly);
  });

  it.each<DatabasePhase>(["refused", "answer-timeout", "read-only"])(
    "is left as it is while the database says %s to rollwatch too",
    async (phase) => {
      await withoutDatabase(async (story) => {
        await story.beginsProven("good-1");
        await story.install("bad-2", "answers 500");
        story.database.setAnswer({ kind: "fails", phase, sqlstate: null, detail: "what it said" });

        await story.passes("25s");

        expect(story.incident()).toMatchObject({ cause: "database", plans: [] });
        expect(story.incident().evidence.join("\n")).toContain(
          `control database is red: ${phase}: what it said`,
        );
        expect(story.told()).toEqual(["held"]);
        expect(story.notice("held").urgency).toBe("page");
        expect(story.pm2.calls).toEqual([]);
      });
    },
  );

  it("is no reason to restart anything either while the database is dead", async () => {
    await withScenario(
      { triggers: { "system-down": { mode: "auto", blameWindow: "30s" } } },
      async (story) => {
        await story.beginsProven("good-1");
        await story.passes("2m");
        story.database.setAnswer({ kind: "fails", sqlstate: null, detail: "refused" });
        story.setSurroundings("make it answer 500");

        await story.passes("25s");

        expect(story.incident()).toMatchObject({ cause: "database", plans: [] });
        expect(story.pm2.calls).toEqual([]);
      },
    );
  });

  it("is not blamed on the release when the database comes back before anything is decided", async () => {
    await withoutDatabase(async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("12s");
      story.database.setAnswer({ kind: "fails", sqlstate: null, detail: "refused" });
      story.setSurroundings("make it answer 500");
      await story.passes("5s");

      story.database.setAnswer({ kind: "answers" });
      await story.passes("25s");

      expect(story.incident()).toMatchObject({ cause: "database", plans: [] });
      expect(story.pm2.calls).toEqual([]);
    });
  });
});

describe("a dead database", () => {
  it.each(["alerting-broken", "error-rate", "websocket"] as const)(
    "accuses no release of %s",
    async (trigger) => {
      await withScenario(
        automatic(trigger),
        async (story) => {
          await story.beginsProven("good-1");
          await story.install("bad-2", "answers 500");
          story.database.setAnswer({ kind: "fails", sqlstate: null, detail: "refused" });

          await story.passes("25s");

          expect(story.incident()).toMatchObject({ trigger, cause: "database", plans: [] });
          expect(story.pm2.calls).toEqual([]);
        },
        saying(trigger),
      );
    },
  );
});

describe("a database without a connection left", () => {
  it("does not speak for a release whose services have taken them", async () => {
    await withoutDatabase(async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await fills(story, held(14, "api", "app"));

      await story.passesUntil((fact) => fact.kind === "planned");

      expect(story.incident()).toMatchObject({ cause: "release" });
      // Who answers no more does not tell its schema either: that alone makes it a person's decision.
      expect(Object.keys(story.blocks())).toEqual(["schema-unchanged"]);
      expect(story.asked().plan.scope).toBe("application");
    });
  });

  it("speaks for the release when others have taken them", async () => {
    await withoutDatabase(async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await fills(story, held(2, "api", "app"), held(14, "report", "analyst"));

      await story.passes("25s");

      expect(story.incident()).toMatchObject({ cause: "database", plans: [] });
      expect(story.pm2.calls).toEqual([]);
    });
  });

  it("is a person's to decide about when nobody knows whose they are", async () => {
    await withoutDatabase(async (story) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await fills(story, held(14, "", "app"));

      await story.passes("25s");

      expect(story.incident()).toMatchObject({ cause: "unknown" });
      expect(Object.keys(story.blocks())).toEqual(["cause", "controls-green", "schema-unchanged"]);
      expect(story.asked().plan.scope).toBe("application");
      expect(story.pm2.calls).toEqual([]);
    });
  });
});
