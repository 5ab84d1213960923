import { describe, expect, it } from "vitest";
import { createDatabaseControl } from "../../src/observe/database-control.ts";
import type { ConnectionHolder } from "../../src/system/postgres-check.ts";
import type { DatabasePhase } from "../../src/system/postgres-phase.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { fakeDatabase } from "../support/fakes/database.ts";

const NEVER = new AbortController().signal;
const FULL = { kind: "fails", sqlstate: "53300", detail: "sorry, too many clients" } as const;

/** A control of a database for the services `api` and `importer`, and how to turn it. */
function aControl() {
  const clock = createManualClock();
  const database = fakeDatabase();
  const ask = createDatabaseControl({ clock, database }, ["api", "importer"]);
  return { clock, database, ask };
}

/** Who held how many of 20 connections when it last answered; then there is none left. */
async function fullAfter(...holders: readonly ConnectionHolder[]) {
  const control = aControl();
  control.database.setAnswer({ kind: "answers", holders, maxConnections: 20 });
  await control.ask(NEVER);
  control.database.setAnswer(FULL);
  return control;
}

function held(sessions: number, program: string, role = "app"): ConnectionHolder {
  return { role, program, sessions };
}

describe("the control of the database", () => {
  it.each<[DatabasePhase, "red" | "unknown"]>([
    ["refused", "red"],
    ["connect-timeout", "red"],
    ["answer-timeout", "red"],
    ["lost", "red"],
    ["name-resolution", "red"], // whoever needs the database cannot find it either
    ["no-route", "red"],
    ["no-database", "red"],
    ["starting-or-stopping", "red"],
    ["read-only", "red"],
    ["out-of-disk", "red"],
    ["other", "red"],
    ["authentication", "unknown"], // of rollwatch's role; the application's may be fine
    ["forbidden", "unknown"],
    ["out-of-resources", "unknown"],
  ])("tells the phase %s, and is %s", async (phase, state) => {
    const { database, ask } = aControl();
    database.setAnswer({ kind: "fails", phase, sqlstate: null, detail: "what it said" });

    expect(await ask(NEVER)).toEqual({ state, detail: `${phase}: what it said` });
  });

  it("is green while the database answers", async () => {
    expect(await aControl().ask(NEVER)).toMatchObject({ state: "green" });
  });

  it("is red while it answers and takes no writes", async () => {
    const { database, ask } = aControl();
    database.setAnswer({ kind: "answers", readOnly: "it is a standby" });

    expect(await ask(NEVER)).toEqual({ state: "red", detail: "read-only: it is a standby" });
  });

  it("is red when there is no answer in the time that it has", async () => {
    const { clock, database } = aControl();
    const silent = {
      ...database,
      check: async (signal: AbortSignal) => {
        await clock.sleep(60_000, signal);
        throw new Error("it was waited for long enough");
      },
    };
    const ask = createDatabaseControl({ clock, database: silent }, []);

    const asking = ask(clock.deadline(2000, NEVER));
    await clock.advance(2000);

    expect(await asking).toMatchObject({
      state: "red",
      detail: expect.stringMatching(/^answer-timeout/u),
    });
  });
});

describe("a server without a connection left", () => {
  it("was filled by the application when its sessions held half of all", async () => {
    const { ask } = await fullAfter(held(9, "api"), held(1, "importer pool"), held(4, "psql"));

    const control = await ask(NEVER);

    expect(control).toMatchObject({ state: "red", takenBy: "application" });
    expect(control.detail).toContain("14 of 20 were taken, 9 by api as app");
  });

  it("counts unnamed sessions of the application's role as its own", async () => {
    const { ask } = await fullAfter(held(9, ""), held(1, "api"));

    expect(await ask(NEVER)).toMatchObject({ takenBy: "application" });
  });

  it("was filled by others when roles that are not the application's held half of all", async () => {
    const { ask } = await fullAfter(held(9, "api"), held(10, "", "nightly"));

    expect(await ask(NEVER)).toMatchObject({ takenBy: "others" });
  });

  it.each([
    ["no session is named after a service", [held(18, "")]],
    ["nobody held half of all", [held(9, "api"), held(9, "", "nightly")]],
    ["a person used the application's role", [held(9, "api"), held(10, "psql")]],
    ["a name only begins alike", [held(10, "apiary")]],
  ])("is not known to be filled by anybody when %s", async (_when, holders) => {
    const { ask } = await fullAfter(...holders);

    expect(await ask(NEVER)).toMatchObject({ state: "red", takenBy: "unknown" });
  });

  it("is not known to be filled by anybody when it was never seen before", async () => {
    const { database, ask } = aControl();
    database.setAnswer(FULL);

    expect(await ask(NEVER)).toMatchObject({ takenBy: "unknown" });
  });

  it("keeps what was seen before for as long as it is full, but not an older look", async () => {
    const { clock, database, ask } = await fullAfter(held(12, "api"));
    await ask(NEVER);
    await clock.advance(10 * 60_000);
    const lasting = await ask(NEVER);

    database.setAnswer({ kind: "fails", sqlstate: null, detail: "refused" });
    await ask(NEVER);
    database.setAnswer(FULL);
    const later = await ask(NEVER);

    expect(lasting).toMatchObject({ takenBy: "application" });
    expect(later).toMatchObject({ takenBy: "unknown" });
  });
});
