import { describe, expect, it } from "vitest";
import { createHttpProbe, HttpProbeSettings } from "../../../src/observe/probes/http.ts";
import type { Reading } from "../../../src/model/sample.ts";
import type { Answer } from "../../../src/system/http.ts";
import { anAnswer, fakeHttp } from "../../support/fakes/http.ts";

const NEVER = new AbortController().signal;
const PHASES = { connectMs: 1, totalMs: 3 };

async function readingOf(answer: Answer, more: object = {}): Promise<Reading> {
  const http = fakeHttp();
  http.setAnswer(answer);
  const settings = HttpProbeSettings.parse({
    kind: "http",
    url: "http://127.0.0.1:4000/api/health",
    ...more,
  });
  return createHttpProbe("health", settings, { http }).sample(NEVER);
}

function failed(reason: Extract<Answer, { kind: "failed" }>["reason"]): Answer {
  return { kind: "failed", reason, detail: "raw", phases: PHASES };
}

describe("the http probe", () => {
  it("measures 0 for the expected status, with status and time as evidence", async () => {
    expect(await readingOf(anAnswer())).toEqual({
      kind: "measured",
      value: 0,
      detail: "200 in 12 ms (connect 1 ms, first byte 10 ms, transfer 1 ms)",
    });
    const expectStatus = [200, 204];
    expect(await readingOf(anAnswer({ status: 204 }), { expectStatus })).toMatchObject({
      value: 0,
    });
  });

  it("tells each part of a request to a secure name", async () => {
    const phases = { resolveMs: 2, connectMs: 5, tlsMs: 15, firstByteMs: 115, totalMs: 1315 };

    const reading = await readingOf(anAnswer({ phases }));

    expect(reading.detail).toBe(
      "200 in 1315 ms (resolve 2 ms, connect 3 ms, tls 10 ms, first byte 100 ms, transfer 1.2 s)",
    );
  });

  /** What came back, and the words for it. */
  const failures: readonly (readonly [string, Answer, string])[] = [
    [
      "a refused connection",
      failed("refused"),
      "the connection was refused (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "a reset",
      failed("reset"),
      "the connection was broken off (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "a timeout",
      failed("timeout"),
      "it did not answer in time (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "too long an answer",
      failed("oversize"),
      "its answer is too long (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "no HTTP",
      failed("bad-answer"),
      "its answer is no valid HTTP (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "a TLS fault",
      failed("tls"),
      "no secure connection came about (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "no route",
      failed("unreachable"),
      "it cannot be reached (raw; connect 1 ms, over after 3 ms)",
    ],
    [
      "a server error",
      anAnswer({ status: 503 }),
      "it answered 503, expected 200 (connect 1 ms, first byte 10 ms, transfer 1 ms)",
    ],
    [
      "a missing page",
      anAnswer({ status: 404 }),
      "it answered 404, expected 200 (connect 1 ms, first byte 10 ms, transfer 1 ms)",
    ],
    [
      "another success than the expected",
      anAnswer({ status: 204 }),
      "it answered 204, expected 200 (connect 1 ms, first byte 10 ms, transfer 1 ms)",
    ],
    [
      "a redirect",
      anAnswer({ status: 302, headers: { location: "/login?token=secret" } }),
      "it redirects to /login (302) (connect 1 ms, first byte 10 ms, transfer 1 ms)",
    ],
  ];

  it.each(failures)(
    "measures 1 for %s: the target's own failure",
    async (_name, answer, detail) => {
      expect(await readingOf(answer)).toEqual({ kind: "measured", value: 1, detail });
    },
  );

  /** What came back on our side, and the reason for having no measurement. */
  const absences: readonly (readonly [string, Answer, string])[] = [
    [
      "a name that was not resolved",
      { kind: "local", reason: "name-resolution", detail: "d" },
      "name-resolution",
    ],
    [
      "no descriptors left",
      { kind: "local", reason: "out-of-descriptors", detail: "d" },
      "out-of-descriptors",
    ],
    ["being throttled", anAnswer({ status: 429 }), "throttled"],
  ];

  it.each(absences)("measures nothing for %s: our own trouble", async (_name, answer, reason) => {
    expect(await readingOf(answer)).toMatchObject({ kind: "absent", reason });
  });

  it("takes a 429 that is expected for an answer", async () => {
    const expectStatus = [429];

    expect(await readingOf(anAnswer({ status: 429 }), { expectStatus })).toMatchObject({
      kind: "measured",
      value: 0,
    });
  });

  it("measures 1 when the body is not as expected", async () => {
    const body = JSON.stringify({ status: "degraded" });

    expect(await readingOf(anAnswer({ body }), { expectBody: "ok" })).toMatchObject({
      value: 1,
      detail: expect.stringContaining('its answer does not contain "ok"'),
    });
    expect(await readingOf(anAnswer({ body }), { expectJson: { status: "ok" } })).toMatchObject({
      value: 1,
      detail: expect.stringContaining('its field status is "degraded", expected "ok"'),
    });
    expect(
      await readingOf(anAnswer({ body }), { expectJson: { status: "degraded" } }),
    ).toMatchObject({ value: 0 });
  });

  it.each([
    // Headers of a 429, and for how long it asks to be left alone.
    [{ "retry-after": "30" }, 30_000],
    [{ "retry-after": "0" }, 0],
    [
      {
        date: "Sun, 22 Nov 2026 12:00:00 GMT",
        "retry-after": "Sun, 22 Nov 2026 12:01:30 GMT",
      },
      90_000,
    ],
    [
      {
        date: "Sun, 22 Nov 2026 12:00:00 GMT",
        "retry-after": "Sun, 22 Nov 2026 11:00:00 GMT",
      },
      0,
    ],
    // Without its own time a date says nothing.
    [{ "retry-after": "Sun, 22 Nov 2026 12:01:30 GMT" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after": "soon" }, undefined],
    [{}, undefined],
  ])("passes on for how long a 429 with %j wants no request", async (headers, retryAfterMs) => {
    const reading = await readingOf(anAnswer({ status: 429, headers }));

    expect(reading).toEqual({
      kind: "absent",
      reason: "throttled",
      detail: "it asks us to slow down (429)",
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });

  it("takes a 503 for a failure, though it says when to come back", async () => {
    const answer = anAnswer({ status: 503, headers: { "retry-after": "30" } });

    expect(await readingOf(answer)).toMatchObject({ kind: "measured", value: 1 });
  });

  it("asks its URL with its timeout", async () => {
    const http = fakeHttp();
    const settings = HttpProbeSettings.parse({
      kind: "http",
      url: "http://127.0.0.1:4000/x",
      timeout: "700ms",
    });
    const probe = createHttpProbe("health", settings, { http });

    await probe.sample(NEVER);

    expect(http.asked).toMatchObject([{ url: "http://127.0.0.1:4000/x", timeoutMs: 700 }]);
    expect(probe).toMatchObject({
      signal: "health",
      kind: "http",
      intervalMs: 2000,
      timeoutMs: 700,
    });
  });
});

describe("the http probe that measures latency", () => {
  const latency = { measure: "latency" };

  it.each([200, 302, 404, 500])("measures the seconds of an answer with %i", async (status) => {
    expect(await readingOf(anAnswer({ status }), latency)).toEqual({
      kind: "measured",
      value: 0.0124,
      detail: `${status} in 12 ms (connect 1 ms, first byte 10 ms, transfer 1 ms)`,
    });
  });

  it.each(["refused", "reset", "timeout", "oversize", "bad-answer", "tls"] as const)(
    "measures the whole timeout when there is no answer: %s",
    async (reason) => {
      const reading = await readingOf(failed(reason), { ...latency, timeout: "800ms" });

      expect(reading).toMatchObject({ kind: "measured", value: 0.8 });
    },
  );

  it("measures nothing while it is throttled, or when the trouble is our own", async () => {
    const local: Answer = { kind: "local", reason: "no-route", detail: "d" };

    expect(await readingOf(anAnswer({ status: 429 }), latency)).toMatchObject({
      kind: "absent",
      reason: "throttled",
    });
    expect(await readingOf(local, latency)).toMatchObject({ kind: "absent", reason: "no-route" });
  });

  it("has the time added by which a run began late, unlike the measure of failures", () => {
    const url = "http://127.0.0.1:1/";
    const probes = [latency, {}].map((more) =>
      createHttpProbe("one", HttpProbeSettings.parse({ kind: "http", url, ...more }), {
        http: fakeHttp(),
      }),
    );

    expect(probes.map(({ timesRequests }) => timesRequests)).toEqual([true, false]);
  });
});

function problemsOf(more: object): readonly string[] {
  const parsed = HttpProbeSettings.safeParse({ kind: "http", url: "http://h/", ...more });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("the settings of the http probe", () => {
  it("expect 200 by default", () => {
    const settings = HttpProbeSettings.parse({ kind: "http", url: "http://h/" });

    expect(settings).toMatchObject({ measure: "failure", expectStatus: [200] });
  });

  it.each(["expectStatus", "expectBody", "expectJson"])(
    "refuse %s together with latency",
    (key) => {
      const value = { expectStatus: [200], expectBody: "ok", expectJson: { a: 1 } };
      const more = {
        measure: "latency",
        [key]: Object.entries(value).find(([k]) => k === key)?.[1],
      };

      expect(problemsOf(more)).toEqual([
        `${key}: expected no ${key} beside \`measure: latency\`, which times every answer: give it to a signal of its own`,
      ]);
    },
  );

  it("refuse a timeout of latency in which the next request would fall due", () => {
    const latency = { measure: "latency", interval: "2s" };

    expect(problemsOf({ ...latency, timeout: "1999ms" })).toEqual([]);
    expect(problemsOf({ ...latency, timeout: "2s" })).toEqual([
      "timeout: expected less than the interval, so that no request is left out while another waits",
    ]);
    expect(problemsOf({ interval: "2s", timeout: "5s" })).toEqual([]);
  });

  it("refuse a group of fields as what a field must be", () => {
    expect(problemsOf({ expectJson: { pool: { used: 1 } } })).toEqual([
      "expectJson.pool: expected a text, a number, true, false or null",
    ]);
  });
});
