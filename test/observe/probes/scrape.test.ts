import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createScrapeProbe, ScrapeProbeSettings } from "../../../src/observe/probes/scrape.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import { openScrapes } from "../../../src/observe/scrapes.ts";
import { openMetricsFolders } from "../../../src/system/metrics-folder.ts";
import type { Reading } from "../../../src/model/sample.ts";
import type { Answer } from "../../../src/system/http.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { anAnswer, type FakeHttp, fakeHttp } from "../../support/fakes/http.ts";

const NEVER = new AbortController().signal;
const URL = "http://127.0.0.1:1/metrics";
const START = "process_start_time_seconds 1700000000\n";

interface Scraping {
  readonly http: FakeHttp;
  readonly probe: Probe;
  /** One sample per page, five seconds apart. */
  read(...pages: readonly string[]): Promise<readonly Reading[]>;
}

function aProbe(settings: object, limit = 0.5): Scraping {
  const http = fakeHttp();
  const clock = createManualClock();
  const parsed = ScrapeProbeSettings.parse({ kind: "scrape", url: URL, ...settings });
  const scrapes = openScrapes({ http, clock, metricsFolders: openMetricsFolders(clock) });
  const probe = createScrapeProbe("signal", parsed, { scrapes, limit });
  return {
    http,
    probe,
    read: async (...pages) => {
      const readings: Reading[] = [];
      for (const body of pages) {
        http.setAnswer(anAnswer({ body }));
        readings.push(await probe.sample(NEVER));
        await clock.advance(5000);
      }
      return readings;
    },
  };
}

async function last(scraping: Scraping, ...pages: readonly string[]): Promise<Reading | undefined> {
  return (await scraping.read(...pages)).at(-1);
}

function requests(ok: number, bad: number, label = "status"): string {
  return `${START}http_requests_total{${label}="200"} ${ok}\nhttp_requests_total{${label}="503"} ${bad}\n`;
}

/** A histogram that counted this many requests, all of them failed. */
function took(bad: number): string {
  const labels = 'status="500"';
  return `${START}# TYPE took histogram\ntook_bucket{${labels},le="+Inf"} ${bad}\ntook_count{${labels}} ${bad}\n`;
}

/** As many failed requests of one route as successful ones of another. */
function routes(count: number): string {
  return `http_requests_total{route="/metrics",status="500"} ${count}\nhttp_requests_total{route="/",status="200"} ${count}\n`;
}

/** Failed requests by their class, beside a counter that is none. */
function classes(count: number): string {
  return `http_requests_total{status="5xx"} ${count}\nhttp_requests_total{status="2xx"} -${count}\n`;
}

/** What one of pm2's workers counted. */
function worker(pmId: number, count: number): string {
  return `http_requests_total{pm_id="${pmId}",status="500"} ${count}\n`;
}

/** What prom-client says before and after requests that took this long. */
async function pagesOf(buckets: number[], seconds: readonly number[]): Promise<[string, string]> {
  const registry = new Registry();
  const histogram = new Histogram({
    name: "http_request_duration_seconds",
    help: "h",
    labelNames: ["route"],
    buckets,
    registers: [registry],
  });
  histogram.observe({ route: "/" }, 99);
  const before = await registry.metrics();
  for (const one of seconds) {
    histogram.observe({ route: "/" }, one);
  }
  return [before, await registry.metrics()];
}

describe("errors", () => {
  const settings = { measure: "errors" };

  it("are those since the look before, out of all requests", async () => {
    const readings = await aProbe(settings).read(requests(1000, 500), requests(1018, 502));

    expect(readings).toEqual([
      expect.objectContaining({ value: 0, counts: { bad: 0, total: 0 } }),
      {
        kind: "measured",
        value: 0.1,
        counts: { bad: 2, total: 20 },
        detail: "2 of 20 requests failed (5xx)",
      },
    ]);
  });

  it.each(["status", "code", "status_code"])("are told by the label %s", async (label) => {
    const reading = await last(aProbe(settings), requests(1, 0, label), requests(2, 1, label));

    expect(reading).toMatchObject({ counts: { bad: 1, total: 2 } });
  });

  it("are told by the label that the settings name", async () => {
    const scraping = aProbe({ ...settings, statusLabel: "answer" });

    const reading = await last(scraping, requests(1, 0, "answer"), requests(2, 1, "answer"));

    expect(reading).toMatchObject({ counts: { bad: 1, total: 2 } });
  });

  it("can be read from a histogram's count", async () => {
    const reading = await last(aProbe({ ...settings, metric: "took" }), took(1), took(4));

    expect(reading).toMatchObject({ counts: { bad: 3, total: 3 } });
  });

  it("count the very first requests of an application that has just started", async () => {
    const empty = `${START}# TYPE http_requests_total counter\n`;

    const reading = await last(aProbe(settings), empty, requests(3, 1));

    expect(reading).toMatchObject({ counts: { bad: 1, total: 4 } });
  });

  it("leave out what is to be ignored", async () => {
    const scraping = aProbe({ ...settings, ignore: { route: ["/metrics", "/api/health"] } });
    expect(await last(scraping, routes(1), routes(3))).toMatchObject({
      counts: { bad: 0, total: 2 },
    });
  });

  it("say nothing when a label that tells failures is missing", async () => {
    expect(await last(aProbe(settings), "http_requests_total 5")).toEqual({
      kind: "absent",
      reason: "no-metrics",
      detail: "no metrics: http_requests_total has no label status",
    });
  });

  it("begin anew with a restarted process", async () => {
    const restarted = requests(7, 7).replace("1700000000", "1700000009");

    const readings = await aProbe(settings).read(requests(1000, 500), restarted);

    expect(readings[1]).toMatchObject({ counts: { bad: 0, total: 0 } });
  });

  it("say nothing when the counters of one process went down", async () => {
    const reading = await last(aProbe(settings), requests(1000, 500), requests(7, 7));

    expect(reading).toMatchObject({ kind: "absent", reason: "no-metrics" });
  });

  it("are counted per worker where the settings name its label", async () => {
    const scraping = aProbe({ ...settings, workerLabel: "pm_id" });
    const readings = await scraping.read(
      worker(1, 10),
      worker(2, 900),
      worker(1, 11),
      worker(2, 3),
    );

    expect(readings.map((one) => one.kind === "measured" && one.counts?.bad)).toEqual([0, 0, 1, 3]);
  });

  it("are told by a class of status codes too, and never by a counter below 0", async () => {
    expect(await last(aProbe(settings), classes(1), classes(3))).toMatchObject({
      counts: { bad: 2, total: 2 },
    });
  });

  it("leave out a counter that is no number", async () => {
    const page = requests(5, 0) + 'http_requests_total{status="500"} NaN\n';

    expect(await last(aProbe(settings), page, page)).toMatchObject({
      counts: { bad: 0, total: 0 },
    });
  });

  it("are those that prom-client counts", async () => {
    const registry = new Registry();
    const counter = new Counter({
      name: "http_requests_total",
      help: "h",
      labelNames: ["status"],
      registers: [registry],
    });
    counter.inc({ status: "200" }, 10);
    const before = await registry.metrics();
    counter.inc({ status: "200" }, 3);
    counter.inc({ status: "500" });

    expect(await last(aProbe(settings), before, await registry.metrics())).toMatchObject({
      counts: { bad: 1, total: 4 },
    });
  });
});

describe("slow requests", () => {
  const settings = { measure: "slow-requests" };

  it("are those above the limit", async () => {
    const pages = await pagesOf([0.1, 0.5, 1], [0.05, 0.5, 0.51, 7]);

    expect(await last(aProbe(settings, 0.5), ...pages)).toEqual({
      kind: "measured",
      value: 0.5,
      counts: { bad: 2, total: 4 },
      detail: "2 of 4 requests took over 500 ms",
    });
  });

  it("are those above the next edge when the limit is none, which is said", async () => {
    const pages = await pagesOf([0.1, 1], [0.6, 1.2]);

    expect(await last(aProbe(settings, 0.5), ...pages)).toMatchObject({
      counts: { bad: 1, total: 2 },
      detail: "1 of 2 requests took over 1.0 s, the next bucket's edge above the limit",
    });
  });

  it("cannot be told when every edge lies below the limit", async () => {
    const pages = await pagesOf([0.1, 0.25], [7]);

    expect(await last(aProbe(settings, 0.5), ...pages)).toEqual({
      kind: "absent",
      reason: "no-metrics",
      detail:
        "no metrics: http_request_duration_seconds has no bucket that ends at 500 ms or above",
    });
  });

  it("are none while nobody asks", async () => {
    const page = "# TYPE http_request_duration_seconds histogram\n";

    expect(await last(aProbe(settings), page, page)).toMatchObject({
      value: 0,
      counts: { bad: 0, total: 0 },
    });
  });

  it("leave out what is to be ignored", async () => {
    const scraping = aProbe({ ...settings, ignore: { route: ["/"] } });

    expect(await last(scraping, ...(await pagesOf([0.5], [7])))).toMatchObject({
      counts: { bad: 0, total: 0 },
    });
  });

  it("cannot be told of an application without the histogram", async () => {
    expect(await last(aProbe(settings), START)).toMatchObject({
      reason: "no-metrics",
      detail: "no metrics: there is no http_request_duration_seconds",
    });
  });
});

describe("a gauge", () => {
  const PAGE = `used{pool="a"} 3\nused{pool="b"} 9\nused{pool="c"} NaN\nmost{pool="a"} 10\nmost{pool="b"} 10\n`;

  it.each([
    ["sum", {}, 12, "used is 12"],
    ["max", {}, 9, "used is 9"],
    ["sum", { over: "most" }, 0.6, "used is 60 % of most"],
    ["max", { over: "most" }, 0.9, "used is 90 % of most"],
    ["sum", { ignore: { pool: ["b"] } }, 3, "used is 3"],
  ])("is the %s of its series with %j", async (aggregate, more, value, detail) => {
    const scraping = aProbe({ measure: "gauge", metric: "used", aggregate, ...more });

    expect(await last(scraping, PAGE)).toEqual({ kind: "measured", value, detail });
  });

  it.each([
    [{ metric: "other" }, "no metrics: there is no value of other"],
    [{ metric: "used", over: "other" }, "no metrics: used cannot be divided by other"],
    [{ metric: "bad" }, 'no metrics: a line of the metrics cannot be read: "bad one"'],
  ])("says nothing with %j when there is nothing to say", async (more, detail) => {
    const scraping = aProbe({ measure: "gauge", ...more });

    expect(await last(scraping, `${PAGE}bad one\n`)).toEqual({
      kind: "absent",
      reason: "no-metrics",
      detail,
    });
  });

  it("is what prom-client shows", async () => {
    const registry = new Registry();
    new Gauge({ name: "used", help: "h", registers: [registry] }).set(4);

    const scraping = aProbe({ measure: "gauge", metric: "used" });

    expect(await last(scraping, await registry.metrics())).toMatchObject({ value: 4 });
  });
});

describe("metrics that are missing", () => {
  const phases = { connectMs: 0, firstByteMs: 0, totalMs: 1 };
  const cases: readonly (readonly [string, Answer, string])[] = [
    ["are not there", anAnswer({ status: 404 }), "no-metrics"],
    ["break", anAnswer({ status: 500, body: requests(1, 1) }), "no-metrics"],
    ["are a page of HTML", anAnswer({ body: "<html></html>" }), "no-metrics"],
    ["are empty", anAnswer({ body: "" }), "no-metrics"],
    ["are throttled", anAnswer({ status: 429 }), "throttled"],
    ["lead elsewhere", anAnswer({ status: 302 }), "no-metrics"],
    [
      "are refused",
      { kind: "failed", reason: "refused", detail: "ECONNREFUSED", phases },
      "no-metrics",
    ],
    [
      "are too long",
      { kind: "failed", reason: "oversize", detail: "too long", phases },
      "no-metrics",
    ],
    ["cannot be asked for", { kind: "local", reason: "no-route", detail: "EPERM" }, "no-route"],
  ];

  it.each(cases)("prove nothing when they %s", async (_how, answer, reason) => {
    const { http, probe } = aProbe({ measure: "errors" });
    http.setAnswer(answer);

    expect(await probe.sample(NEVER)).toMatchObject({ kind: "absent", reason });
  });

  const CURE = "correct its url, or remove the signal";

  it.each([
    [anAnswer({ status: 404 }), `no metrics: it answered 404; ${CURE}`],
    [
      anAnswer({ status: 302, headers: { location: "/login?token=geheim" } }),
      `no metrics: it redirects to /login (302); ${CURE}`,
    ],
    [anAnswer({ body: "<html>" }), `no metrics: line 1 is no metric: "<html>"; ${CURE}`],
  ])("say what is there instead, and what to do: %#", async (answer, detail) => {
    const { http, probe } = aProbe({ measure: "errors" });
    http.setAnswer(answer);

    expect(await probe.sample(NEVER)).toMatchObject({ detail });
  });

  it("are not asked for again sooner than the target wants", async () => {
    const { http, probe } = aProbe({ measure: "errors" });
    http.setAnswer(anAnswer({ status: 429, headers: { "retry-after": "7" } }));

    expect(await probe.sample(NEVER)).toMatchObject({ reason: "throttled", retryAfterMs: 7000 });
  });
});

describe("several signals of one page", () => {
  it("scrape it once, and each keeps its own counters", async () => {
    const http = fakeHttp();
    const clock = createManualClock();
    const scrapes = openScrapes({ http, clock, metricsFolders: openMetricsFolders(clock) });
    const probes = ["a", "b", "c"].map((name) => {
      const settings = ScrapeProbeSettings.parse({ kind: "scrape", url: URL, measure: "errors" });
      return createScrapeProbe(name, settings, { scrapes, limit: 0.05 });
    });
    http.setAnswer(anAnswer({ body: requests(1, 0) }));
    await Promise.all(probes.map(async (probe) => probe.sample(NEVER)));
    await clock.advance(5000);
    http.setAnswer(anAnswer({ body: requests(3, 0) }));

    const readings = await Promise.all(probes.map(async (probe) => probe.sample(NEVER)));

    expect(readings.map((one) => one.kind === "measured" && one.counts?.total)).toEqual([2, 2, 2]);
    expect(http.asked).toHaveLength(2);
    expect(http.asked[0]).toMatchObject({ url: URL, timeoutMs: 2000 });
  });

  it("scrape it again once half the interval is over", async () => {
    const scraping = aProbe({ measure: "errors" });

    await scraping.read(START, START);

    expect(scraping.http.asked).toHaveLength(2);
  });
});
