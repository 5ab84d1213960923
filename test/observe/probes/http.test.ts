import { describe, expect, it } from "vitest";
import { createHttpProbe, HttpProbeSettings } from "../../../src/observe/probes/http.ts";
import type { Reading } from "../../../src/model/sample.ts";
import type { Answer } from "../../../src/system/http.ts";
import { anAnswer, fakeHttp } from "../../support/fakes/http.ts";

const NEVER = new AbortController().signal;
const PHASES = { connectMs: 1, firstByteMs: 2, totalMs: 3 };

async function readingOf(
  answer: Answer,
  expectStatus: readonly number[] = [200],
): Promise<Reading> {
  const http = fakeHttp();
  http.setAnswer(answer);
  const settings = HttpProbeSettings.parse({
    kind: "http",
    url: "http://127.0.0.1:4000/api/health",
    expectStatus,
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
      detail: "200 in 12 ms",
    });
    expect(await readingOf(anAnswer({ status: 204 }), [200, 204])).toMatchObject({ value: 0 });
  });

  /** What came back, and the words for it. */
  const failures: readonly (readonly [string, Answer, string])[] = [
    ["a refused connection", failed("refused"), "the connection was refused (raw)"],
    ["a reset", failed("reset"), "the connection was broken off (raw)"],
    ["a timeout", failed("timeout"), "it did not answer in time (raw)"],
    ["too long an answer", failed("oversize"), "its answer is too long (raw)"],
    ["no HTTP", failed("bad-answer"), "its answer is no valid HTTP (raw)"],
    ["a TLS fault", failed("tls"), "no secure connection came about (raw)"],
    ["no route", failed("unreachable"), "it cannot be reached (raw)"],
    ["a server error", anAnswer({ status: 503 }), "it answered 503, expected 200"],
    ["a missing page", anAnswer({ status: 404 }), "it answered 404, expected 200"],
    [
      "another success than the expected",
      anAnswer({ status: 204 }),
      "it answered 204, expected 200",
    ],
    [
      "a redirect",
      anAnswer({ status: 302, headers: { location: "/login?token=secret" } }),
      "it redirects to /login (302)",
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
    expect(await readingOf(anAnswer({ status: 429 }), [429])).toMatchObject({
      kind: "measured",
      value: 0,
    });
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
