import { describe, expect, it } from "vitest";
import type { Health } from "../../src/model/health.ts";
import type { Check } from "../../src/model/verification.ts";
import { compareHealth } from "../../src/verify/compare.ts";
import { VerifySettings } from "../../src/verify/settings.ts";
import { NOON } from "../support/builders.ts";

const URL = "http://127.0.0.1:3000/api/health";
const MIB = 1024 * 1024;

function health(over: Partial<Health> = {}): Health {
  return { at: NOON, endpoints: [], tables: [], ...over };
}

function answering(status: number, totalMs: number): Partial<Health> {
  const answer = {
    kind: "known",
    status,
    connectMs: 1,
    firstByteMs: totalMs - 1,
    totalMs,
  } as const;
  return { endpoints: [{ url: URL, answer }] };
}

function rows(count: number, isExact = true): Partial<Health> {
  return { tables: [{ table: "doses", count: { kind: "known", rows: count, isExact } }] };
}

function logging(...texts: readonly string[]): Partial<Health> {
  const signatures = texts.map((text) => ({ text, count: 1 }));
  return { logs: { kind: "known", signatures, isCut: false } };
}

function using(rssBytes: number): Partial<Health> {
  return { memory: { kind: "known", services: [{ name: "api", rssBytes }] } };
}

/** Each check as `+` passed, `-` failed, `~` failed and only told, `?` not measured. */
function signs(checks: readonly Check[]): readonly string[] {
  return checks.map(({ name, passed, weight, unmeasured }) => {
    const failed = weight === "tell" ? "~" : "-";
    const sign = passed ? "+" : failed;
    return `${sign}${unmeasured === true ? "?" : ""} ${name}`;
  });
}

function compared(
  now: Partial<Health>,
  before?: Partial<Health>,
  settings: object = {},
): readonly string[] {
  const baseline = before === undefined ? undefined : health(before);
  return signs(compareHealth(health(now), baseline, VerifySettings.parse(settings)));
}

const ASKED = { endpoints: [{ url: URL }] };
const REFUSED = {
  endpoints: [{ url: URL, answer: { kind: "failed", detail: "refused" } as const }],
};
const LOST = { kind: "unknown", reason: "it took too long" } as const;
const FAILED = { kind: "failed", detail: "57P03" } as const;

describe("health beside the baseline's", () => {
  it.each<[string, Partial<Health>, Partial<Health>, object, readonly string[]]>([
    [
      "as quick as it was",
      answering(200, 20),
      answering(200, 20),
      ASKED,
      [`+ endpoint ${URL}`, `+ response time of ${URL}`],
    ],
    [
      "three times as slow, but by less than 50 ms",
      answering(200, 69),
      answering(200, 20),
      ASKED,
      [`+ endpoint ${URL}`, `+ response time of ${URL}`],
    ],
    [
      "more than 50 ms and 25 % slower",
      answering(200, 71),
      answering(200, 20),
      ASKED,
      [`+ endpoint ${URL}`, `- response time of ${URL}`],
    ],
    [
      "100 ms slower, but by less than 25 %",
      answering(200, 1100),
      answering(200, 1000),
      ASKED,
      [`+ endpoint ${URL}`, `+ response time of ${URL}`],
    ],
    [
      "slower than the baseline, which was sick itself",
      answering(200, 900),
      answering(500, 1),
      ASKED,
      [`+ endpoint ${URL}`],
    ],
    ["fewer rows", rows(9), rows(10), {}, ["- rows of doses"]],
    ["fewer rows, as many as may go", rows(9), rows(10), { rowsMayFall: 1 }, ["+ rows of doses"]],
    [
      "fewer rows where old ones are deleted",
      rows(1),
      rows(10),
      { retention: ["doses"] },
      ["+ rows of doses"],
    ],
    ["fewer rows by an estimate", rows(9, false), rows(10), {}, ["~ rows of doses"]],
    ["more rows", rows(11), rows(10), {}, ["+ rows of doses"]],
    ["a known error", logging("old"), logging("old"), {}, ["+ log errors"]],
    ["a new error", logging("new"), logging("old"), {}, ["~ log errors"]],
    [
      "a new error that may not be",
      logging("new"),
      logging("old"),
      { logs: { newErrors: "fail" } },
      ["- log errors"],
    ],
    ["a new error nobody asks for", logging("new"), logging(), { logs: { newErrors: "off" } }, []],
    [
      "a new error beside a baseline that left some out",
      logging("new"),
      { logs: { kind: "known", signatures: [], isCut: true } },
      { logs: { newErrors: "fail" } },
      ["~ log errors"],
    ],
    [
      "twice the memory of a small service",
      using(80 * MIB),
      using(40 * MIB),
      {},
      ["+ memory of api"],
    ],
    [
      "twice the memory of a large one",
      using(800 * MIB),
      using(400 * MIB),
      {},
      ["~ memory of api"],
    ],
    [
      "another database version",
      { database: { kind: "known", version: "16.1" } },
      { database: { kind: "known", version: "15.8" } },
      {},
      ["+ database", "~ database version"],
    ],
  ])("is judged: %s", (...row) => {
    const [, now, before, settings, expected] = row;

    expect(compared(now, before, settings)).toEqual(expected);
  });

  it.each<[string, Partial<Health>, object, readonly string[]]>([
    ["slow, many rows, new errors", { ...rows(1), ...logging("new") }, {}, ["+ rows of doses"]],
    ["refused", REFUSED, ASKED, [`- endpoint ${URL}`]],
    ["another status", answering(404, 1), ASKED, [`- endpoint ${URL}`]],
    ["no database", { database: FAILED }, {}, ["- database"]],
    [
      "more connections than the limit",
      { connections: { kind: "known", used: 91, max: 100 } },
      {},
      ["- database connections"],
    ],
    [
      "as many connections as the limit",
      { connections: { kind: "known", used: 90, max: 100 } },
      {},
      ["+ database connections"],
    ],
    ["a broken WebSocket", { websocket: FAILED }, {}, ["- websocket"]],
    ["a WebSocket", { websocket: { kind: "known", roundTripMs: 3 } }, {}, ["+ websocket"]],
    [
      "what could not be measured and was asked for",
      {
        endpoints: [{ url: URL, answer: LOST }],
        tables: [{ table: "doses", count: LOST }],
        database: LOST,
        websocket: LOST,
      },
      ASKED,
      [`-? endpoint ${URL}`, "-? database", "-? rows of doses", "-? websocket"],
    ],
    [
      "what could not be measured and nobody asked for",
      { logs: LOST, memory: LOST, connections: LOST },
      {},
      ["~? log errors", "~? database connections", "~? memory"],
    ],
  ])("counts without a baseline only for what is wrong by itself: %s", (...row) => {
    const [, now, settings, expected] = row;

    expect(compared(now, undefined, settings)).toEqual(expected);
  });

  it("names the new errors, and both response times by phase", () => {
    const texts = Array.from({ length: 7 }, (_one, index) => `error ${index}`);
    const now = health({ ...answering(200, 900), ...logging(...texts) });
    const baseline = health({ ...answering(200, 20), ...logging("error 0") });

    const details = compareHealth(now, baseline, VerifySettings.parse(ASKED)).map(
      (check) => check.detail,
    );

    expect(details).toEqual([
      "new since the restart: error 1 (1×); error 2 (1×); error 3 (1×); error 4 (1×); error 5 (1×); and 1 more",
      "HTTP 200",
      "900 ms (connected after 1 ms, first byte after 899 ms); when it was proven 20 ms (connected after 1 ms, first byte after 19 ms); limit 70 ms",
    ]);
  });
});
