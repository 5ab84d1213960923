import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  createHttpSequenceProbe,
  HttpSequenceProbeSettings,
} from "../../../src/observe/probes/http-sequence.ts";
import type { Answer, Ask } from "../../../src/system/http.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { anAnswer, fakeHttp } from "../../support/fakes/http.ts";

const NEVER = new AbortController().signal;
const APP = "http://127.0.0.1:4000";
const COURSE = "(connect 1 ms, first byte 10 ms, transfer 1 ms)";

const LOG_IN = {
  name: "log in",
  method: "POST",
  url: `${APP}/login`,
  headers: { "content-type": "application/json" },
  body: '{"user":"check"}',
  expectStatus: [201],
  save: { token: "session.token", id: "user.id" },
};
const SHOW = {
  name: "show",
  url: `${APP}/users/{{id}}?fresh=1`,
  headers: { authorization: "Bearer {{token}}" },
  expectJson: { name: "check" },
};
const SESSION = '{"session": {"token": "sesame-street"}, "user": {"id": 7}}';

interface Asked {
  readonly reading: Reading;
  readonly asked: readonly Ask[];
}

/** Runs the steps; each answer is the next of the list, and takes the time that the test says. */
async function run(
  steps: readonly object[],
  answers: readonly Answer[],
  more: { readonly secrets?: readonly string[]; readonly takesMs?: number } = {},
): Promise<Asked> {
  const clock = createManualClock();
  const http = fakeHttp();
  const settings = HttpSequenceProbeSettings.parse({ kind: "http-sequence", steps });
  const slow = {
    ask: async (request: Ask, signal: AbortSignal) => {
      http.setAnswer(answers[http.asked.length] ?? anAnswer());
      const answer = await http.ask(request, signal);
      await clock.advance(more.takesMs ?? 0);
      return answer;
    },
  };
  const ports = { http: slow, clock, secrets: more.secrets ?? [] };
  const reading = await createHttpSequenceProbe("users", settings, ports).sample(NEVER);
  return { reading, asked: http.asked };
}

describe("the http-sequence probe", () => {
  it("measures 0 when every step is answered as expected", async () => {
    const answers = [
      anAnswer({ status: 201, body: SESSION }),
      anAnswer({ body: '{"name":"check"}' }),
    ];

    const { reading } = await run([LOG_IN, SHOW], answers, { takesMs: 20 });

    expect(reading).toEqual({ kind: "measured", value: 0, detail: "2 steps in 40 ms" });
  });

  it("asks with what each step says, and with what the steps before have saved", async () => {
    const answers = [
      anAnswer({ status: 201, body: SESSION }),
      anAnswer({ body: '{"name":"check"}' }),
    ];

    const { asked } = await run([LOG_IN, SHOW], answers);

    expect(asked).toMatchObject([
      {
        method: "POST",
        url: `${APP}/login`,
        headers: { "content-type": "application/json" },
        body: '{"user":"check"}',
      },
      {
        method: "GET",
        url: `${APP}/users/7?fresh=1`,
        headers: { authorization: "Bearer sesame-street" },
      },
    ]);
    expect(asked[1]).not.toHaveProperty("body");
  });

  it("makes a saved value harmless for where it stands", async () => {
    const body = JSON.stringify({ v: '../a?b"\r\nx: y' });
    const steps = [
      { name: "one", url: `${APP}/`, save: { v: "v" } },
      {
        name: "two",
        method: "PUT",
        url: `${APP}/{{v}}`,
        headers: { "x-v": "{{v}}" },
        body: '{"v": "{{v}}"}',
      },
    ];

    const { asked } = await run(steps, [anAnswer({ body })]);

    expect(asked[1]).toMatchObject({
      url: `${APP}/..%2Fa%3Fb%22%0D%0Ax%3A%20y`,
      headers: { "x-v": '../a?b"x: y' },
      body: String.raw`{"v": "../a?b\"\r\nx: y"}`,
    });
  });

  /** What the second of two steps gets for an answer, and what is told. */
  const failures: readonly (readonly [string, Answer, string])[] = [
    ["another status", anAnswer({ status: 500 }), `it answered 500, expected 200 ${COURSE}`],
    ["no JSON", anAnswer({ body: "<html>" }), `its answer is no JSON ${COURSE}`],
    [
      "another field",
      anAnswer({ body: '{"name":"other"}' }),
      `its field name is "other", expected "check" ${COURSE}`,
    ],
    [
      "a redirect",
      anAnswer({ status: 302, headers: { location: "/login?next=secret" } }),
      `it redirects to /login (302) ${COURSE}`,
    ],
    [
      "a refused connection",
      { kind: "failed", reason: "refused", detail: "raw", phases: { totalMs: 3 } },
      "the connection was refused (raw; over after 3 ms)",
    ],
  ];

  it.each(failures)("measures 1 for %s and names the step", async (_name, answer, detail) => {
    const first = { name: "first", url: `${APP}/` };
    const second = { name: "second", url: `${APP}/`, expectJson: { name: "check" } };

    const { reading } = await run([first, second, first].map(named), [anAnswer(), answer]);

    expect(reading).toEqual({
      kind: "measured",
      value: 1,
      detail: `step 2 of 3 (second-1): ${detail}`,
    });
  });

  it("asks no further once a step has failed", async () => {
    const { asked } = await run([LOG_IN, SHOW], [anAnswer({ status: 500 })]);

    expect(asked).toHaveLength(1);
  });

  it.each([
    // What stands where the token is expected.
    ["{}", "its field session.token is not there, expected a text or a number to go on with"],
    ['{"session":{"token":null}}', "its field session.token is null, expected"],
    ['{"session":{"token":{"a":1}}}', "its field session.token is a group of fields, expected"],
    ['{"session":{"token":""}}', 'its field session.token is "", expected'],
    [
      JSON.stringify({ session: { token: "x".repeat(5000) } }),
      `its field session.token is "${"x".repeat(79)}…, expected`,
    ],
    [String.raw`{"session":{"token":"\ud800"}}`, "its field session.token is"],
    ["token=1", "its answer is no JSON"],
  ])("measures 1 when there is nothing to save: %s", async (body, detail) => {
    const { reading } = await run([LOG_IN, SHOW], [anAnswer({ status: 201, body })]);

    expect(reading).toMatchObject({
      kind: "measured",
      value: 1,
      detail: expect.stringContaining(`step 1 of 2 (log in): ${detail}`.slice(0, 100)),
    });
  });

  it("measures nothing when any step is throttled, or when the trouble is our own", async () => {
    const limited = anAnswer({ status: 429, headers: { "retry-after": "30" } });
    const local: Answer = { kind: "local", reason: "name-resolution", detail: "d" };
    const first = anAnswer({ status: 201, body: SESSION });

    const throttled = await run([LOG_IN, SHOW], [first, limited]);
    const unresolved = await run([LOG_IN, SHOW], [first, local]);

    expect(throttled.reading).toMatchObject({ reason: "throttled", retryAfterMs: 30_000 });
    expect(unresolved.reading).toEqual({
      kind: "absent",
      reason: "name-resolution",
      detail: "step 2 of 2 (show): d",
    });
  });

  it("gives each step the time that is left of the whole", async () => {
    const show = { name: "show", url: `${APP}/`, expectJson: { name: "check" } };
    const steps = [show, show, show].map(named);
    const fine = anAnswer({ body: '{"name":"check"}' });

    const { asked, reading } = await run(steps, [fine, fine, fine], { takesMs: 6000 });

    expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 4000]);
    expect(reading).toMatchObject({
      value: 1,
      detail: "step 3 of 3 (show-2): it was not reached within 10.0 s",
    });
  });

  it("tells no secrets: rollwatch's own, those of its headers, those it was given on the way", async () => {
    const body = '{"name": "sesame-street geheim-1 geheim-2"}';
    const show = { ...SHOW, headers: { "x-key": "geheim-2" } };
    const answers = [anAnswer({ status: 201, body: SESSION }), anAnswer({ body })];

    const { reading } = await run([LOG_IN, show], answers, { secrets: ["geheim-1"] });

    expect(reading.detail).toContain('is "[redacted] [redacted] [redacted]", expected');
  });

  it("is asked every minute, within ten seconds", () => {
    const settings = HttpSequenceProbeSettings.parse({ kind: "http-sequence", steps: [LOG_IN] });
    const ports = { http: fakeHttp(), clock: createManualClock(), secrets: [] };

    expect(createHttpSequenceProbe("users", settings, ports)).toMatchObject({
      signal: "users",
      kind: "http-sequence",
      intervalMs: 60_000,
      timeoutMs: 10_000,
    });
  });
});

/** Each step has a name of its own. */
function named<T extends { readonly name: string }>(step: T, place: number): T {
  return { ...step, name: `${step.name}-${place}` };
}

function problemsOf(...steps: readonly object[]): readonly string[] {
  const parsed = HttpSequenceProbeSettings.safeParse({ kind: "http-sequence", steps });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("the settings of the http-sequence probe", () => {
  it("are fine where every place is saved before it is used", () => {
    expect(problemsOf(LOG_IN, SHOW)).toEqual([]);
  });

  it.each([
    // What a step uses before anybody saved it, and where.
    [{ url: `${APP}/{{id}}` }, "steps.0.url"],
    [{ headers: { "x-id": "{{id}}" } }, "steps.0.headers.x-id"],
    [{ method: "POST", body: "{{id}}" }, "steps.0.body"],
    [{ url: `${APP}/{{id}}`, save: { id: "id" } }, "steps.0.url"],
  ])("refuse a place that nobody filled: %j", (more, path) => {
    expect(problemsOf({ ...SHOW, headers: {}, url: `${APP}/`, ...more })).toEqual([
      `${path}: expected only what an earlier step saves; {{id}} is not`,
    ]);
  });

  it.each([
    [`{{host}}/x`],
    ["http://{{host}}/x"],
    ["http://a.{{host}}:80/x"],
    ["file:///etc/passwd"],
    ["127.0.0.1:3000/x"],
  ])("refuse the address %s: an answer must not choose whom rollwatch asks", (url) => {
    expect(problemsOf({ ...SHOW, headers: {}, url })).toEqual([
      expect.stringContaining("steps.0.url: expected an address such as http://"),
    ]);
  });

  it.each([
    [{ body: "x" }, "steps.0.body: expected no body of a GET"],
    [{ headers: { "Content-Length": "5" } }, "steps.0.headers.Content-Length"],
    [{ headers: { "a b": "5" } }, "steps.0.headers.a b"],
    [{ headers: { a: "x\r\ny: z" } }, "steps.0.headers.a: expected printable"],
  ])("refuse %j", (more, problem) => {
    const [found, ...others] = problemsOf({ name: "one", url: `${APP}/`, ...more });

    expect(found).toContain(problem);
    expect(others).toEqual([]);
  });

  it("refuse two steps of one name, and more than twenty", () => {
    const step = { name: "one", url: `${APP}/` };

    expect(problemsOf(step, step)).toEqual(["steps.1.name: expected each name once"]);
    expect(problemsOf(...Array.from({ length: 21 }, () => step).map(named))).toHaveLength(1);
  });
});
