import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Apart, openApart } from "../../../src/observe/apart.ts";
import { openMarks } from "../../../src/observe/marks.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import { createSyntheticAlertProbe } from "../../../src/observe/probes/synthetic-alert.ts";
import { SyntheticAlertProbeSettings } from "../../../src/observe/synthetic-settings.ts";
import { type Files, openFiles } from "../../../src/system/files.ts";
import type { Answer, Ask, Http } from "../../../src/system/http.ts";
import { openIds } from "../../../src/system/ids.ts";
import type { Conversation, Dial, Websocket } from "../../../src/system/websocket.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";
import { anAnswer } from "../../support/fakes/http.ts";
import { type FakeStatements, fakeStatements } from "../../support/fakes/statements.ts";
import { type Tracked, track } from "../../support/outside-work.ts";

const NEVER = new AbortController().signal;
const DATABASE = "postgres://host/db";
const FORBIDDEN = {
  kind: "fails",
  phase: "forbidden",
  sqlstate: "42501",
  detail: "no",
} as const;
const BY_SQL = {
  kind: "synthetic-alert",
  url: "http://127.0.0.1:1/readings",
  body: { badge: "ZZ-0000", doseMsv: 9999, note: "{{mark}}" },
  expectRow: "select from alerts where note = $1",
  cleanUp: { sql: ["delete from readings where note = $1"] },
};
const BY_MESSAGE = { ...BY_SQL, expectRow: undefined, expectMessage: { url: "ws://127.0.0.1:1/" } };

/** An application that accepts readings, and a WebSocket that says what is posted. */
interface Application {
  readonly http: Http;
  readonly websocket: Websocket;
  readonly asked: Ask[];
  answer: Answer;
  /** How the conversation goes; undefined: it tells what was posted. */
  conversation: Conversation | undefined;
  isSilent: boolean;
  /** What else happens when it is asked. */
  onAsked: (() => void) | undefined;
}

function anApplication(clock: ManualClock): Application {
  let hear: ((mark: string) => void) | undefined;
  const application: Application = {
    asked: [],
    answer: anAnswer({ status: 201 }),
    conversation: undefined,
    isSilent: false,
    onAsked: undefined,
    http: {
      ask: async (request, signal) => {
        signal.throwIfAborted();
        application.asked.push(request);
        application.onAsked?.();
        hear?.(request.body ?? "");
        return application.answer;
      },
    },
    websocket: { converse: async (dial, signal) => converse(dial, signal) },
  };

  async function converse(dial: Dial, signal: AbortSignal): Promise<Conversation> {
    if (application.conversation !== undefined) {
      return application.conversation;
    }
    const heard = new Promise<void>((resolve) => {
      hear = (text) => {
        if (!application.isSilent && text.includes(dial.expectMessage ?? "?")) {
          resolve();
        }
      };
    });
    dial.onReady?.();
    await Promise.race([heard, clock.sleep(dial.timeoutMs, signal)]);
    return { kind: "fine", milestones: [], totalMs: 1 };
  }

  return application;
}

describe("a synthetic reading", () => {
  let folder: string;
  let clock: ManualClock;
  let files: Tracked<Files>;
  let statements: FakeStatements;
  let application: Application;
  let left: string[];

  beforeEach(async () => {
    folder = await mkdtemp("/tmp/rw-");
    files = track(openFiles());
    clock = createManualClock(undefined, async () => files.quiet());
    statements = fakeStatements();
    application = anApplication(clock);
    left = [];
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function aProbe(settings: object = BY_SQL, apart?: Apart): Probe {
    const { http, websocket } = application;
    return createSyntheticAlertProbe("alarm", SyntheticAlertProbeSettings.parse(settings), {
      clock,
      http,
      websocket,
      statements,
      databaseUrl: DATABASE,
      marks: openMarks({ files: files.port, ids: openIds(), clock }, folder),
      onLeft: (_signal, reason) => left.push(reason),
      apart,
    });
  }

  /** The files of marks that are kept. */
  async function kept(): Promise<readonly string[]> {
    return readdir(join(folder, "synthetic")).catch(() => []);
  }

  /** Runs while the clock goes on. */
  async function runs(probe: Probe, forMs = 6000): Promise<unknown> {
    const reading = probe.sample(NEVER);
    await clock.advance(forMs);
    return reading;
  }

  it("is not posted while a snapshot is made: a good alarm is good still, of another nothing is said", async () => {
    const apart = openApart();
    const probe = aProbe(BY_SQL, apart);
    const other = aProbe(BY_SQL, apart);
    await runs(probe);
    const before = application.asked.length;

    const [good, unknown] = await apart.snapshot(
      async () => [await runs(probe), await runs(other)],
      NEVER,
    );
    const during = application.asked.length;
    await runs(other);

    expect(good).toMatchObject({
      kind: "measured",
      value: 0,
      detail: expect.stringContaining("nothing is posted while a snapshot"),
    });
    expect(unknown).toMatchObject({ kind: "absent" });
    expect([during - before, application.asked.length - during]).toEqual([0, 1]);
    expect(await kept()).toEqual([]);
  });

  it("is posted with its mark, found by it, deleted and forgotten", async () => {
    const reading = await runs(aProbe());

    const mark = statements.ran[0]?.mark ?? "";
    expect(mark).toMatch(/^rollwatch-[0-9a-f]{32}$/u);
    expect(reading).toMatchObject({ kind: "measured", value: 0 });
    expect(application.asked).toMatchObject([
      {
        method: "POST",
        url: "http://127.0.0.1:1/readings",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ badge: "ZZ-0000", doseMsv: 9999, note: mark }),
      },
    ]);
    expect(statements.asked).toMatchObject([{ url: DATABASE, sql: BY_SQL.expectRow }]);
    expect(statements.sought).toEqual([mark]);
    // Before it is posted too: it must be possible to delete it.
    const order = { url: DATABASE, sql: BY_SQL.cleanUp.sql, mark };
    expect(statements.ran).toMatchObject([order, order]);
    expect(await kept()).toEqual([]);
  });

  it("is listened for before it is posted", async () => {
    expect(await runs(aProbe(BY_MESSAGE))).toMatchObject({ kind: "measured", value: 0 });
    expect(await kept()).toEqual([]);
  });

  it("is bad when no row comes in time, and cleaned up a last time when none can come any more", async () => {
    statements.setFound({ kind: "nothing" });
    const probe = aProbe();

    const reading = await runs(probe);
    const [first] = statements.ran;
    await runs(probe);
    const again = statements.ran.filter((one) => one.mark === first?.mark).length;
    await clock.advance(2 * 60_000);
    await runs(probe);

    expect(reading).toEqual({
      kind: "measured",
      value: 1,
      detail: "no alert: no row came within 5.0 s",
    });
    expect(again).toBe(2);
    expect(statements.ran.filter((one) => one.mark === first?.mark)).toHaveLength(3);
  });

  it("is bad when no message comes in time", async () => {
    application.isSilent = true;

    expect(await runs(aProbe(BY_MESSAGE))).toMatchObject({
      value: 1,
      detail: "no alert: no message came within 5.0 s",
    });
  });

  it("is bad when one of row and message is missing", async () => {
    application.isSilent = true;

    const both = { ...BY_MESSAGE, expectRow: BY_SQL.expectRow };

    expect(await runs(aProbe(both))).toMatchObject({ value: 1 });
  });

  it.each<[string, Answer, object]>([
    ["500", anAnswer({ status: 500 }), { value: 1 }],
    ["422", anAnswer({ status: 422 }), { value: 1 }],
    ["not at all in time", failed("timeout"), { value: 1 }],
    ["by a reset", failed("reset"), { value: 1 }],
    ["401", anAnswer({ status: 401 }), { kind: "absent", reason: "credentials" }],
    ["429", anAnswer({ status: 429 }), { kind: "absent", reason: "throttled" }],
    // Nobody is there: other signals say so.
    ["by nobody", failed("refused"), { kind: "absent", reason: "no-metrics" }],
    [
      "by nobody's name",
      { kind: "local", reason: "name-resolution", detail: "unknown" },
      { kind: "absent", reason: "name-resolution" },
    ],
  ])("that is answered %s is cleaned up all the same", async (_how, answer, expected) => {
    application.answer = answer;

    expect(await runs(aProbe())).toMatchObject(expected);
    expect(statements.ran).toHaveLength(2);
  });

  it.each<[string, Conversation, object]>([
    [
      "closes",
      { kind: "failed", reason: "closed", detail: "code 1006", milestones: [], totalMs: 1 },
      { value: 1 },
    ],
    [
      "declines",
      { kind: "declined", status: 503, headers: {}, milestones: [], totalMs: 1 },
      { value: 1 },
    ],
    [
      "asks to be left alone",
      { kind: "declined", status: 429, headers: {}, milestones: [], totalMs: 1 },
      { reason: "throttled" },
    ],
    [
      "cannot be found",
      { kind: "local", reason: "name-resolution", detail: "unknown" },
      { reason: "name-resolution" },
    ],
  ])("is not posted when the WebSocket %s", async (_how, conversation, expected) => {
    application.conversation = conversation;

    expect(await runs(aProbe(BY_MESSAGE))).toMatchObject(expected);
    expect(application.asked).toEqual([]);
    expect(await kept()).toEqual([]);
  });

  it("proves nothing when the database never says whether its row is there", async () => {
    statements = {
      ...statements,
      find: async (_question, _mark, limit) => {
        await clock.sleep(60_000, limit);
        return { kind: "nothing" };
      },
    };

    expect(await runs(aProbe())).toMatchObject({
      kind: "absent",
      detail: "the database did not answer whether there is a row",
    });
  });

  it("proves nothing when so much is told that its message may have been behind it", async () => {
    const told = { kind: "failed", reason: "oversize", milestones: [], totalMs: 1 } as const;
    const websocket: Websocket = {
      converse: async (dial) => {
        dial.onReady?.();
        return { ...told, detail: "more than 1 MiB" };
      },
    };
    application = { ...application, websocket };

    expect(await runs(aProbe(BY_MESSAGE))).toMatchObject({
      kind: "absent",
      detail: "more than 1 MiB",
    });
  });

  it("proves nothing while its row cannot be looked for", async () => {
    statements.setFound({ kind: "fails", phase: "forbidden", sqlstate: "42501", detail: "no" });

    expect(await runs(aProbe())).toMatchObject({ kind: "absent", reason: "credentials" });
    expect(statements.ran).toHaveLength(2);
  });

  it("is not posted when it could not be deleted again", async () => {
    statements.setDone(FORBIDDEN);

    expect(await runs(aProbe())).toMatchObject({
      kind: "absent",
      detail: "nothing was posted, since it could not be deleted again: forbidden: no",
    });
    expect(application.asked).toEqual([]);
    expect(await kept()).toEqual([]);
  });

  it("that cannot be deleted is told, kept, tried again, and no other is posted meanwhile", async () => {
    application.onAsked = () => statements.setDone(FORBIDDEN);
    const probe = aProbe();

    const first = await runs(probe);
    const second = await runs(probe);
    const posted = application.asked.length;
    const marks = new Set(statements.ran.map(({ mark }) => mark));
    application.onAsked = undefined;
    statements.setDone({ kind: "done", rows: 1 });
    const third = await runs(probe);

    for (const reading of [first, second]) {
      expect(reading).toMatchObject({
        kind: "absent",
        detail: expect.stringContaining("could not be deleted, no other is posted: forbidden: no"),
      });
    }
    expect(left).toEqual(["forbidden: no", "forbidden: no"]);
    expect([posted, marks.size]).toEqual([1, 1]);
    expect(third).toMatchObject({ value: 0 });
  });

  it("of a rollwatch that was killed is deleted first, and once more when nothing can come late", async () => {
    const marks = openMarks({ files: files.port, ids: openIds(), clock }, folder);
    const { mark } = await marks.make("alarm");
    const probe = aProbe();

    await runs(probe);
    const order = statements.ran.map((one) => one.mark === mark);
    await clock.advance(2 * 60_000);
    await runs(probe);

    expect(order).toEqual([true, false, false]);
    expect(statements.ran.filter((one) => one.mark === mark)).toHaveLength(2);
    expect(await kept()).toEqual([]);
  });

  it("is deleted although rollwatch is told to stop meanwhile", async () => {
    statements.setFound({ kind: "nothing" });
    const controller = new AbortController();
    const reason = new Error("told to stop");
    const sampling = aProbe().sample(controller.signal);
    await clock.advance(1000);

    controller.abort(reason);
    const outcome = await sampling.catch((error: unknown) => error);

    expect(outcome).toBe(reason);
    expect(statements.ran).toHaveLength(2);
  });

  it("is deleted by a DELETE where the application has one", async () => {
    const cleanUp = { delete: "http://127.0.0.1:1/readings/{{mark}}", headers: { a: "b" } };

    await runs(aProbe({ ...BY_SQL, cleanUp }));

    const [, posted, deleted] = application.asked;
    const mark = /rollwatch-[0-9a-f]+/u.exec(posted?.body ?? "")?.[0] ?? "none";
    expect(deleted).toMatchObject({
      method: "DELETE",
      url: `http://127.0.0.1:1/readings/${mark}`,
      headers: { a: "b" },
    });
  });

  it.each([
    [204, { value: 0 }],
    [404, { value: 0 }],
    [500, { kind: "absent" }],
  ])("is %d to its DELETE, and so %j", async (status, expected) => {
    const cleanUp = { delete: "http://127.0.0.1:1/readings/{{mark}}" };
    application.answer = anAnswer({ status });
    const accepted = { ...BY_SQL, cleanUp, expectStatus: [status] };

    expect(await runs(aProbe(accepted))).toMatchObject(expected);
  });

  it("is not posted when its mark cannot be written down", async () => {
    await writeFile(join(folder, "synthetic"), "a file where the folder should be");

    await expect(aProbe().sample(NEVER)).rejects.toThrow(/./u);
    expect(application.asked).toEqual([]);
  });
});

function failed(reason: "refused" | "reset" | "timeout"): Answer {
  return { kind: "failed", reason, detail: "what happened", phases: { totalMs: 1 } };
}

it("without a place for its marks nothing is posted", async () => {
  const clock = createManualClock();
  const application = anApplication(clock);
  const { http, websocket } = application;
  const ports = { clock, http, websocket, statements: fakeStatements(), databaseUrl: DATABASE };

  const reading = await createSyntheticAlertProbe(
    "alarm",
    SyntheticAlertProbeSettings.parse(BY_SQL),
    ports,
  ).sample(NEVER);

  expect(reading).toMatchObject({ kind: "absent" });
  expect(application.asked).toEqual([]);
});

it.each<[string, object, string]>([
  ["no mark in its body", { body: { doseMsv: 1 } }, "body"],
  ["nothing to expect", { expectRow: undefined }, "expectRow"],
  ["a row that is not its own", { expectRow: "select from alerts" }, "expectRow"],
  ["no clean-up", { cleanUp: {} }, "cleanUp"],
  [
    "two clean-ups",
    { cleanUp: { sql: ["delete from r where n = $1"], delete: "http://h/{{mark}}" } },
    "cleanUp",
  ],
  ["a clean-up of everybody's", { cleanUp: { sql: ["delete from readings"] } }, "cleanUp"],
  ["no time to clean up", { timeout: "15s" }, "timeout"],
])("is refused with %s", (_what, wrong, key) => {
  const { error } = SyntheticAlertProbeSettings.safeParse({ ...BY_SQL, ...wrong });

  expect(error?.issues.map((issue) => issue.path[0])).toEqual([key]);
});
