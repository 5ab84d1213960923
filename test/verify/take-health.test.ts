import { describe, expect, it } from "vitest";
import type { Health } from "../../src/model/health.ts";
import type { Answer } from "../../src/system/http.ts";
import type { Conversation } from "../../src/system/websocket.ts";
import { VerifySettings } from "../../src/verify/settings.ts";
import { takeHealth, type HealthPorts } from "../../src/verify/take-health.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { fakeDatabase } from "../support/fakes/database.ts";
import { anAnswer } from "../support/fakes/http.ts";

const { signal } = new AbortController();
const URL = "http://user:hush@127.0.0.1:3000/api/doses?token=hush&limit=5";
const NOTHING = { kind: "answered", status: 200, headers: {}, body: "" } as const;

function answered(totalMs: number): Answer {
  return { ...NOTHING, phases: { connectMs: 1, firstByteMs: totalMs - 2, totalMs } };
}

async function never(): Promise<never> {
  return new Promise(() => undefined);
}

async function unreadable(): Promise<never> {
  throw new Error("EACCES");
}

/** Health of a world in which only what is given can be asked. */
async function taken(ports: Partial<HealthPorts>, settings: object = {}): Promise<Health> {
  const clock = createManualClock();
  const http = { ask: async () => anAnswer({}) };
  const taking = takeHealth({ clock, http, ...ports }, VerifySettings.parse(settings), 0, signal);
  await clock.advance(5000);
  const health = await taking;

  expect(clock.pending()).toBe(0);
  return health;
}

/** An endpoint that gives one answer after the other. */
async function asked(...answers: readonly Answer[]): Promise<Health["endpoints"][number]> {
  const left = [...answers];
  const http = { ask: async () => left.shift() ?? anAnswer({ status: 599 }) };
  const { endpoints } = await taken({ http }, { endpoints: [{ url: URL }] });

  expect(left).toEqual([]);
  return endpoints[0] ?? { url: "", answer: { kind: "unknown", reason: "not asked" } };
}

describe("the health of an application", () => {
  it("leaves out what has no port", async () => {
    const health = await taken({}, { tables: ["doses"], websocket: { url: "ws://127.0.0.1:1/" } });

    expect(health).toEqual({ at: expect.any(Number), endpoints: [], tables: [] });
  });

  it("is of an endpoint the median of three requests, under an address without secrets", async () => {
    expect(await asked(answered(900), answered(10), answered(30))).toEqual({
      url: "http://127.0.0.1:3000/api/doses?token=…&limit=…",
      answer: { kind: "known", status: 200, connectMs: 1, firstByteMs: 28, totalMs: 30 },
    });
  });

  // The last answer, what is known then
  it.each<[Answer, object]>([
    [anAnswer({ status: 500 }), { kind: "known", status: 500 }],
    [anAnswer({ status: 429 }), { kind: "unknown" }], // it throttles its watcher
    [
      { kind: "failed", reason: "refused", detail: "ECONNREFUSED", phases: { totalMs: 1 } },
      { kind: "failed", detail: "ECONNREFUSED" },
    ],
    [
      { kind: "failed", reason: "oversize", detail: "too long", phases: { totalMs: 1 } },
      { kind: "unknown" },
    ],
    [{ kind: "local", reason: "no-route", detail: "ENETUNREACH" }, { kind: "unknown" }],
  ])("is of an endpoint the first answer that is not as it should be: %j", async (bad, answer) => {
    expect(await asked(answered(10), bad)).toMatchObject({ answer });
  });

  it("holds version, rows and connections of the database", async () => {
    const database = fakeDatabase();
    database.setRows("doses", 12);

    expect(await taken({ database }, { tables: ["doses", "gone"] })).toMatchObject({
      database: { kind: "known", version: "15.18" },
      tables: [
        { table: "doses", count: { kind: "known", rows: 12, isExact: true } },
        { table: "gone", count: { kind: "unknown", reason: "there is no such table" } },
      ],
      connections: { kind: "known" },
    });
  });

  it("holds that the database fails, and not what it would have said", async () => {
    const database = fakeDatabase();
    database.setAnswer({ kind: "fails", sqlstate: "57P03", detail: "starting up" });

    expect(await taken({ database }, { tables: ["doses"] })).toMatchObject({
      database: { kind: "failed", detail: "starting up" },
      tables: [{ table: "doses", count: { kind: "unknown", reason: "starting up" } }],
    });
  });

  it("blames no database when the fault is on this side", async () => {
    const database = fakeDatabase();
    database.setAnswer({
      kind: "fails",
      sqlstate: null,
      detail: "EMFILE",
      local: "out-of-descriptors",
    });

    expect(await taken({ database })).toMatchObject({
      database: { kind: "unknown", reason: "EMFILE" },
    });
  });

  it.each<[Conversation, object]>([
    [
      { kind: "fine", milestones: [], totalMs: 4 },
      { kind: "known", roundTripMs: 4 },
    ],
    [
      { kind: "failed", reason: "closed", detail: "closed", milestones: [], totalMs: 1 },
      { kind: "failed", detail: "closed" },
    ],
    [
      { kind: "declined", status: 426, headers: {}, milestones: [], totalMs: 1 },
      { kind: "failed", detail: "the handshake was answered with HTTP 426" },
    ],
    [{ kind: "local", reason: "no-route", detail: "ENETUNREACH" }, { kind: "unknown" }],
  ])("holds a WebSocket's answer: %j", async (conversation, expected) => {
    const websocket = { converse: async () => conversation };
    const settings = { websocket: { url: "ws://127.0.0.1:1/", expectMessage: "snapshot" } };

    expect(await taken({ websocket }, settings)).toMatchObject({ websocket: expected });
  });

  it("holds memory and the logs' errors, which nobody reads when they are off", async () => {
    const line = { text: "boom", isFresh: true };
    const ports: Partial<HealthPorts> = {
      memory: async () => [{ name: "api", rssBytes: 5 }],
      logs: async () => [{ stream: "error", lines: [line], isCut: false }],
    };

    const [health, silent] = [
      await taken(ports),
      await taken(ports, { logs: { newErrors: "off" } }),
    ];

    expect(health).toMatchObject({
      memory: { kind: "known", services: [{ name: "api", rssBytes: 5 }] },
      logs: { kind: "known", signatures: [{ text: "boom", count: 1 }] },
    });
    expect(silent).not.toHaveProperty("logs");
  });

  it("waits for no part longer than its time, and says which it could not see", async () => {
    expect(await taken({ memory: never, logs: unreadable })).toMatchObject({
      memory: { kind: "unknown", reason: "timed out after 5000 ms" },
      logs: { kind: "unknown", reason: "EACCES" },
    });
  });

  it("rethrows an abort", async () => {
    const controller = new AbortController();
    const clock = createManualClock();
    const http = { ask: async () => anAnswer({}) };
    const settings = VerifySettings.parse({});
    const taking = takeHealth({ clock, http, memory: never }, settings, 0, controller.signal);
    const caught = taking.catch((error: unknown) => error);

    controller.abort(new Error("shutting down"));

    await expect(caught).resolves.toEqual(new Error("shutting down"));
  });
});
