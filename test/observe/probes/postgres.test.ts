import { describe, expect, it } from "vitest";
import {
  createPostgresProbe,
  PostgresProbeSettings,
} from "../../../src/observe/probes/postgres.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import { share } from "../../../src/observe/shared.ts";
import type { DatabaseAnswer } from "../../../src/system/postgres-check.ts";
import type { Amcheck } from "../../../src/system/postgres-amcheck.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { type FakeDatabase, fakeDatabase } from "../../support/fakes/database.ts";

const NEVER = new AbortController().signal;
const SOUND: Amcheck = { check: async () => ({ kind: "sound" }) };
const MEASURES = ["failure", "connections", "waiting", "longest-transaction"] as const;

function aProbe(measure: string, database: FakeDatabase = fakeDatabase()): Probe {
  const clock = createManualClock();
  const activity = share(async (signal) => database.activity(signal), clock);
  const settings = PostgresProbeSettings.parse({ kind: "postgres", measure });
  return createPostgresProbe("db", settings, { clock, activity, amcheck: SOUND });
}

function failing(parts: Partial<Extract<DatabaseAnswer, { kind: "fails" }>>): FakeDatabase {
  const database = fakeDatabase();
  database.setAnswer({ kind: "fails", sqlstate: null, detail: "what it said", ...parts });
  return database;
}

describe("a database that answers", () => {
  it.each([
    ["failure", 0, "the database answers"],
    ["connections", 0.25, "20 of 80 connections are used"],
    ["waiting", 3, "3 sessions wait for a lock"],
    ["longest-transaction", 90, "the oldest transaction is open for 1 min 30 s"],
  ])("has %s %d", async (measure, value, detail) => {
    const database = fakeDatabase();
    database.setActivity({
      connections: 20,
      maxConnections: 80,
      waiting: 3,
      longestTransactionMs: 90_000,
      visible: 4,
    });

    const reading = await aProbe(measure, database).sample(NEVER);

    expect(reading).toEqual({ kind: "measured", value, detail });
  });

  it("never uses more than all connections, the superuser's among them", async () => {
    const database = fakeDatabase();
    database.setActivity({ connections: 99, maxConnections: 97 });

    expect(await aProbe("connections", database).sample(NEVER)).toMatchObject({ value: 1 });
  });

  it("says of transactions which ones it cannot see", async () => {
    const database = fakeDatabase();
    const probe = aProbe("longest-transaction", database);
    const cure = "5 sessions are hidden from this role: grant it pg_read_all_stats";

    database.setActivity({ visible: 1, hidden: 5 });
    const partly = await probe.sample(NEVER);
    database.setActivity({ visible: 0, hidden: 5 });
    const nothing = await aProbe("longest-transaction", database).sample(NEVER);

    expect(partly).toMatchObject({ value: 0, detail: `no transaction is open; ${cure}` });
    expect(nothing).toEqual({ kind: "absent", reason: "credentials", detail: cure });
  });
});

describe("a database that does not answer", () => {
  it("has failed, and tells nothing else", async () => {
    const database = failing({});
    const readings = await Promise.all(
      MEASURES.map(async (measure) => aProbe(measure, database).sample(NEVER)),
    );

    const detail = "refused: what it said";
    const absent = { kind: "absent", reason: "no-metrics", detail };
    expect(readings).toEqual([{ kind: "measured", value: 1, detail }, absent, absent, absent]);
  });

  it("for want of connections has failed, and used them all", async () => {
    const database = failing({ sqlstate: "53300", detail: "too many clients" });

    for (const measure of ["failure", "connections"]) {
      expect(await aProbe(measure, database).sample(NEVER)).toEqual({
        kind: "measured",
        value: 1,
        detail: "too-many-connections: too many clients",
      });
    }
    expect(await aProbe("waiting", database).sample(NEVER)).toMatchObject({ kind: "absent" });
  });

  it.each([
    ["refuses rollwatch's own credentials", { phase: "authentication" }, "credentials"],
    ["does not let rollwatch in", { phase: "forbidden" }, "credentials"],
    [
      "has a name that nobody resolves",
      { phase: "name-resolution", local: "name-resolution" },
      "name-resolution",
    ],
  ] as const)("because it %s proves nothing", async (_why, parts, reason) => {
    for (const measure of MEASURES) {
      const reading = await aProbe(measure, failing(parts)).sample(NEVER);

      const detail = `${parts.phase}: what it said`;
      expect(reading).toEqual({ kind: "absent", reason, detail });
    }
  });

  it("in time has failed", async () => {
    const clock = createManualClock();
    const activity = {
      ask: async (_maxAgeMs: number, signal: AbortSignal): Promise<never> =>
        clock.sleep(60_000, signal).then(() => Promise.reject(new Error("late"))),
    };
    const settings = PostgresProbeSettings.parse({ kind: "postgres", measure: "failure" });
    const asking = createPostgresProbe("db", settings, { clock, activity, amcheck: SOUND }).sample(
      NEVER,
    );

    await clock.advance(2000);

    expect(await asking).toEqual({
      kind: "measured",
      value: 1,
      detail: "answer-timeout: the database did not answer within 2.0 s",
    });
  });
});

it("a question to the database ends with the signal's reason", async () => {
  const reason = new Error("stop");

  await expect(aProbe("failure").sample(AbortSignal.abort(reason))).rejects.toBe(reason);
});

it("signals of one database ask it once", async () => {
  const database = fakeDatabase();
  const clock = createManualClock();
  let asked = 0;
  const activity = share(async (signal) => {
    asked += 1;
    return database.activity(signal);
  }, clock);

  for (const measure of MEASURES) {
    const settings = PostgresProbeSettings.parse({ kind: "postgres", measure });
    await createPostgresProbe(measure, settings, { clock, activity, amcheck: SOUND }).sample(NEVER);
  }

  expect(asked).toBe(1);
});

/** What is measured while the server counts so many damaged pages, one look after the other. */
async function checksums(...counts: readonly (number | null)[]): Promise<readonly unknown[]> {
  const clock = createManualClock();
  const database = fakeDatabase();
  const activity = share(async (signal) => database.activity(signal), clock);
  const settings = PostgresProbeSettings.parse({
    kind: "postgres",
    measure: "checksum-failures",
  });
  const probe = createPostgresProbe("db", settings, { clock, activity, amcheck: SOUND });
  const values: unknown[] = [];
  for (const checksumFailures of counts) {
    database.setActivity({ checksumFailures });
    const reading = await probe.sample(NEVER);
    values.push(reading.kind === "measured" ? reading.value : reading.reason);
    await clock.advance(5000);
  }
  return values;
}

describe("the pages that did not match their checksum", () => {
  it("count from rollwatch's first look on", async () => {
    expect(await checksums(3, 3, 5, 5)).toEqual([0, 0, 2, 2]);
  });

  it("count anew after a reset of the statistics", async () => {
    expect(await checksums(3, 5, 0, 1)).toEqual([0, 2, 0, 1]);
  });

  it("are not known where there are no checksums", async () => {
    expect(await checksums(null)).toEqual(["no-metrics"]);
  });
});

it.each(["failure", "checksum-failures"])("only corruption has an own pace, not %s", (measure) => {
  const { error } = PostgresProbeSettings.safeParse({ kind: "postgres", measure, every: "1h" });

  expect(error?.issues).toMatchObject([{ path: ["every"] }]);
});
