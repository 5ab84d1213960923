import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  createPrometheusProbe,
  PrometheusProbeSettings,
} from "../../../src/observe/probes/prometheus.ts";
import type { Answer } from "../../../src/system/http.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { anAnswer, fakeHttp } from "../../support/fakes/http.ts";

const { signal } = new AbortController();
const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const SETTINGS = { kind: "prometheus", url: "http://127.0.0.1:9090", query: "up" };

function vector(...samples: readonly (readonly [secondsAgo: number, value: string])[]): Answer {
  const result = samples.map(([ago, value]) => ({ metric: {}, value: [NOW / 1000 - ago, value] }));
  return anAnswer({
    body: JSON.stringify({ status: "success", data: { resultType: "vector", result } }),
  });
}

async function ask(
  answer: Answer,
  settings = {},
): Promise<{ reading: Reading; asked: URL; headers: unknown }> {
  const http = fakeHttp();
  http.setAnswer(answer);
  const parsed = PrometheusProbeSettings.parse({ ...SETTINGS, ...settings });
  const ports = { http, clock: createManualClock(NOW), secrets: ["s3cr3t-value"] };
  const reading = await createPrometheusProbe("errors", parsed, ports).sample(signal);
  return { reading, asked: new URL(http.asked[0]?.url ?? ""), headers: http.asked[0]?.headers };
}

describe("what is asked", () => {
  it("is the query now, in the probe's own time, and no sample that is too old", async () => {
    const { asked } = await ask(vector([1, "1"]), { query: 'sum(rate(x{a="b"}[1m]))' });

    expect(asked.pathname).toBe("/api/v1/query");
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      query: 'sum(rate(x{a="b"}[1m]))',
      timeout: "2s",
      lookback_delta: "2m",
    });
  });

  it("is a range where one is configured, behind a path too", async () => {
    const { asked } = await ask(vector([1, "1"]), {
      url: "http://127.0.0.1:9090/prometheus/",
      range: "5m",
      step: "30s",
    });

    expect(asked.pathname).toBe("/prometheus/api/v1/query_range");
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      start: String(NOW / 1000 - 300),
      end: String(NOW / 1000),
      step: "30s",
    });
  });

  it.each([
    ["a token", { token: "abc" }, "Bearer abc"],
    ["a name and a password", { username: "ada", password: "pass" }, "Basic YWRhOnBhc3M="],
    ["nothing", {}, undefined],
  ])("shows %s", async (_what, settings, authorization) => {
    const { headers } = await ask(vector([1, "1"]), settings);

    expect(headers).toEqual({
      accept: "application/json",
      ...(authorization === undefined ? {} : { authorization }),
    });
  });
});

describe("the number", () => {
  it("is that of the one series", async () => {
    const { reading } = await ask(vector([3, "0.125"]));

    expect(reading).toEqual({
      kind: "measured",
      value: 0.125,
      detail: "Prometheus: 0.125, sampled 3.0 s ago",
    });
  });

  it.each([
    ["sum", 6],
    ["max", 3],
    ["min", 1],
  ])("is the %s of several series", async (aggregate, value) => {
    const { reading } = await ask(vector([1, "1"], [2, "2"], [3, "3"]), { aggregate });

    expect(reading).toMatchObject({ kind: "measured", value });
    expect(reading.detail).toContain(`the ${aggregate} of 3 series`);
  });

  it("leaves out series whose newest sample is too old", async () => {
    const { reading } = await ask(vector([1, "1"], [121, "50"]), { aggregate: "sum" });

    expect(reading).toMatchObject({ value: 1 });
  });
});

describe("no number, which proves nothing,", () => {
  it.each([
    ["no series", vector(), "no-metrics", "the query finds nothing"],
    ["several series", vector([1, "1"], [1, "2"]), "no-metrics", "the query gives 2 series"],
    ["NaN", vector([1, "NaN"]), "no-metrics", "NaN"],
    ["an infinity", vector([1, "+Inf"]), "no-metrics", "infinity"],
    ["only old samples", vector([130, "1"]), "outdated", "2 min 10 s old, at most 2 min"],
    ["samples of tomorrow", vector([-300, "1"]), "outdated", "5 min ahead"],
    ["HTML", anAnswer({ body: "<html>" }), "no-metrics", "not one of Prometheus'"],
    [
      "an error of PromQL",
      anAnswer({
        status: 400,
        body: '{"status":"error","errorType":"bad_data","error":"parse error"}',
      }),
      "no-metrics",
      "Prometheus (400): the query failed: bad_data: parse error",
    ],
    [
      "an error with secrets and colours",
      anAnswer({ status: 422, body: '{"status":"error","error":"\\u001b[31ms3cr3t-value\\n x"}' }),
      "no-metrics",
      "error: [redacted] x",
    ],
    [
      "a redirect",
      anAnswer({ status: 302, headers: { location: "/login?a" } }),
      "no-metrics",
      "/login (302)",
    ],
    ["refused credentials", anAnswer({ status: 401 }), "credentials", "(401)"],
    ["a refusal", anAnswer({ status: 403 }), "credentials", "(403)"],
    ["too many questions", anAnswer({ status: 429 }), "throttled", "429"],
    ["nobody there", failed("refused"), "no-metrics", "the connection was refused"],
    ["no answer in time", failed("timeout"), "no-metrics", "did not answer in time"],
    ["an endless answer", failed("oversize"), "no-metrics", "too long"],
    ["an unknown name", local(), "name-resolution", "no such name"],
  ] as const)("is %s", async (_what, answer, reason, detail) => {
    const { reading } = await ask(answer);

    expect(reading).toMatchObject({ kind: "absent", reason });
    expect(reading.detail).toContain(detail);
  });
});

describe("the settings", () => {
  it.each([
    [{ url: "http://127.0.0.1:9090/?a=b" }],
    [{ query: "" }],
    [{ step: "5s" }],
    [{ username: "ada" }],
    [{ password: "pass" }],
    [{ token: "a", username: "ada", password: "pass" }],
  ])("refuse %j", (settings) => {
    expect(PrometheusProbeSettings.safeParse({ ...SETTINGS, ...settings }).success).toBe(false);
  });
});

function failed(reason: "refused" | "timeout" | "oversize"): Answer {
  return { kind: "failed", reason, detail: "so it is", phases: { totalMs: 1 } };
}

function local(): Answer {
  return { kind: "local", reason: "name-resolution", detail: "no such name" };
}
