import { describe, expect, it } from "vitest";
import type { Probe } from "../../../src/observe/probe.ts";
import { createSqlProbe, SqlProbeSettings } from "../../../src/observe/probes/sql.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";
import { type FakeStatements, fakeStatements } from "../../support/fakes/statements.ts";

const NEVER = new AbortController().signal;
const HOUR_MS = 3_600_000;

interface Under {
  readonly probe: Probe;
  readonly statements: FakeStatements;
  readonly clock: ManualClock;
}

function aProbe(more: object = {}): Under {
  const clock = createManualClock();
  const statements = fakeStatements();
  const settings = SqlProbeSettings.parse({ kind: "sql", query: "select 1", ...more });
  const ports = { clock, statements, databaseUrl: "postgres://host/db" };
  return { probe: createSqlProbe("rows", settings, ports), statements, clock };
}

/** The values that it measures while the query answers these, one after the other. */
async function falls(under: Under, ...answers: readonly number[]): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for (const value of answers) {
    under.statements.setNumber({ kind: "number", value });
    const reading = await under.probe.sample(NEVER);
    values.push(reading.kind === "measured" ? Number(reading.value.toFixed(3)) : reading.reason);
  }
  return values;
}

describe("a query that answers a number", () => {
  it("is measured by it", async () => {
    const { probe, statements } = aProbe();
    statements.setNumber({ kind: "number", value: 7 });

    expect(await probe.sample(NEVER)).toEqual({
      kind: "measured",
      value: 7,
      detail: "it answers 7",
    });
    expect(statements.asked).toEqual([
      { url: "postgres://host/db", sql: "select 1", timeoutMs: 5000 },
    ]);
  });

  it("has fallen by its share below its highest", async () => {
    const under = aProbe({ measure: "fall" });

    expect(await falls(under, 100, 120, 90, 60, 0, 130)).toEqual([0, 0, 0.25, 0.5, 1, 0]);
  });

  it("says what it was, and when", async () => {
    const under = aProbe({ measure: "fall", retention: "10%" });
    await falls(under, 200);
    await under.clock.advance(HOUR_MS);
    under.statements.setNumber({ kind: "number", value: 150 });

    expect(await under.probe.sample(NEVER)).toEqual({
      kind: "measured",
      value: 0.15,
      detail: "it answers 150, 25 % below 200, 1.0 hours ago; retention deletes up to 10 %",
    });
  });

  it("has not fallen while retention explains it", async () => {
    const under = aProbe({ measure: "fall", retention: "10%" });

    expect(await falls(under, 100, 91, 90, 80)).toEqual([0, 0, 0, 0.1]);
  });

  it("forgets what was longer ago than it is to look back, and then the next highest counts", async () => {
    const under = aProbe({ measure: "fall", over: "2h" });
    await falls(under, 100);
    await under.clock.advance(HOUR_MS);
    await falls(under, 80, 50);

    await under.clock.advance(HOUR_MS + 1);
    const [afterTwo] = await falls(under, 40);
    await under.clock.advance(HOUR_MS);
    const [afterThree] = await falls(under, 40);

    expect([afterTwo, afterThree]).toEqual([0.5, 0]);
  });

  it("has no share to fall by below zero, and none to lose at zero", async () => {
    expect(await falls(aProbe({ measure: "fall" }), 0, -5)).toEqual([0, 0]);
    expect(await falls(aProbe({ measure: "fall" }), -5)).toEqual(["no-metrics"]);
  });
});

describe("a query that proves nothing", () => {
  it.each([
    ["has no number", { kind: "no-number", detail: "it answers NULL" } as const, "no-metrics"],
    ["names a table that is not there", failing("other", "42P01"), "no-metrics"],
    ["may not read the table", failing("forbidden", "42501"), "credentials"],
    ["was not let in", failing("authentication", "28P01"), "credentials"],
    ["was cancelled by the server", failing("answer-timeout", "57014"), "no-metrics"],
    ["found nobody", failing("refused", null), "no-metrics"],
    [
      "knows no such host",
      { ...failing("name-resolution", null), local: "name-resolution" } as const,
      "name-resolution",
    ],
  ])("because it %s", async (_why, answer, reason) => {
    const { probe, statements } = aProbe();
    statements.setNumber(answer);

    expect(await probe.sample(NEVER)).toMatchObject({ kind: "absent", reason });
  });

  it("because it took too long", async () => {
    const clock = createManualClock();
    const slow = {
      ...fakeStatements(),
      askNumber: async (_question: unknown, signal: AbortSignal) =>
        clock.sleep(60_000, signal).then(() => ({ kind: "number", value: 1 }) as const),
    };
    const settings = SqlProbeSettings.parse({ kind: "sql", query: "select 1" });
    const ports = { clock, statements: slow, databaseUrl: "postgres://host/db" };
    const asking = createSqlProbe("rows", settings, ports).sample(NEVER);

    await clock.advance(5000);

    expect(await asking).toEqual({
      kind: "absent",
      reason: "no-metrics",
      detail: "it did not answer within 5.0 s, and was cancelled",
    });
  });
});

function failing(
  phase:
    | "other"
    | "forbidden"
    | "authentication"
    | "answer-timeout"
    | "refused"
    | "name-resolution",
  sqlstate: string | null,
) {
  return { kind: "fails", phase, sqlstate, detail: "what it said" } as const;
}

it("ends with the signal's reason", async () => {
  const reason = new Error("told to stop");

  await expect(aProbe().probe.sample(AbortSignal.abort(reason))).rejects.toBe(reason);
});

it.each(["over", "retention"])("does not take %s beside a value", (key) => {
  const settings = {
    kind: "sql",
    query: "select 1",
    over: undefined,
    [key]: key === "over" ? "1h" : "1%",
  };

  expect(SqlProbeSettings.safeParse(settings).error?.issues).toMatchObject([{ path: [key] }]);
});
