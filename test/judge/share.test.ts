import { describe, expect, it } from "vitest";
import { judge } from "../../src/judge/judge.ts";
import { signalAt } from "../../src/judge/signal-at.ts";
import { remember, type SignalMemory } from "../../src/judge/windows.ts";
import type { Reading } from "../../src/model/sample.ts";
import { isWell, type Signal, type SignalRule } from "../../src/model/signal.ts";
import { aChange, aRule, greenControls, NOON } from "../support/builders.ts";

/** A scrape every five seconds, ten-second windows of at least twenty requests, 5 % may fail. */
const ERRORS = aRule({
  name: "errors",
  trigger: "error-rate",
  unit: "ratio",
  limit: 0.05,
  test: { kind: "share", allowed: 0.05 },
  countsTraffic: true,
  window: { kind: "span", ms: 10_000 },
  minSamples: 20,
  breachAfter: 2,
  clearAfter: 2,
  intervalMs: 5000,
  staleAfterMs: 20_000,
});

/** A question every two seconds, of which 5 % may take over 500 ms. */
const LATENCY = aRule({
  name: "latency",
  trigger: "slow-responses",
  unit: "seconds",
  limit: 0.5,
  test: { kind: "share", allowed: 0.05, overMs: 500 },
  window: { kind: "span", ms: 10_000 },
  minSamples: 4,
  breachAfter: 1,
});

const ABSENT: Reading = { kind: "absent", reason: "no-metrics", detail: "404" };

/** A scrape that counted `[bad, total]`; `undefined` is one that failed. */
type Scrape = readonly [number, number] | undefined;

function scraped(scrape: Scrape, service?: string): Reading {
  if (scrape === undefined) {
    return ABSENT;
  }
  const [bad, total] = scrape;
  const accused = service === undefined ? {} : { service };
  const value = total === 0 ? 0 : bad / total;
  return { kind: "measured", value, detail: "scraped", counts: { bad, total }, ...accused };
}

function memoryOf(
  rule: SignalRule,
  readings: readonly Reading[],
  before?: SignalMemory,
): SignalMemory | undefined {
  let memory = before;
  let at = before === undefined ? NOON : before.newestAt + rule.intervalMs;
  for (const reading of readings) {
    memory = remember(rule, memory, { signal: rule.name, at, tookMs: 0, reading });
    at += rule.intervalMs;
  }
  return memory;
}

function after(rule: SignalRule, readings: readonly Reading[]): Signal {
  const memory = memoryOf(rule, readings);
  return signalAt(rule, memory, { now: memory?.endedAt ?? NOON, stoppedByPerson: false });
}

/** The signal after these scrapes, of which two make a window, and the first of one more. */
function afterScrapes(...scrapes: readonly Scrape[]): Signal {
  return after(
    ERRORS,
    [...scrapes, [0, 0] as const].map((one) => scraped(one)),
  );
}

function repeated<Item>(item: Item, times: number): readonly Item[] {
  return Array.from({ length: times }, () => item);
}

describe("windows that are judged by a share", () => {
  it.each<[string, readonly Scrape[], string]>([
    // 4 of 20 happen by accident in 1.6 % of windows at 5 %, 5 of 20 in 0.3 %
    ["4 of 20 twice", repeated([2, 10], 4), "ok"],
    [
      "5 of 20 twice",
      [
        [2, 10],
        [3, 10],
        [5, 10],
        [0, 10],
      ],
      "breach",
    ],
    // the limit itself is allowed, and slightly more of few is no proof
    ["5 % of many", repeated([500, 10_000], 4), "ok"],
    ["5.5 % of 400", repeated([11, 200], 4), "ok"],
    ["5.5 % of many", repeated([550, 10_000], 4), "breach"],
    // samples without counts of their own are added up, an absent one takes nothing away
    ["one scrape of two", [undefined, [15, 30], [15, 30], undefined], "breach"],
    ["too few, and one scrape missing", [undefined, [10, 10]], "probe-error"],
    ["nothing asked", repeated([0, 0], 2), "too-few-samples"],
    ["no failures", repeated([0, 10], 4), "ok"],
  ])("are judged right: %s", (_name, scrapes, expected) => {
    expect(afterScrapes(...scrapes).state).toBe(expected);
  });

  it("counts a request that the probe made itself as one, bad above the limit", () => {
    const readings = [0.6, 0.2, 0.7, 0.9, 0.1, 0.1].map((value): Reading => ({
      kind: "measured",
      value,
      detail: "",
    }));

    const signal = after(LATENCY, readings);

    expect(signal).toMatchObject({
      state: "breach",
      value: 0.1,
      reason: "3 of 5 requests took over 500 ms (60 %), allowed 5 %",
    });
  });

  it("begins at the first scrape that counted a bad request", () => {
    const signal = afterScrapes([0, 10], [9, 10], [5, 10], [5, 10]);

    expect(signal).toMatchObject({ state: "breach", firstBadAt: NOON + 5000 });
  });

  it("tells the last bad window, in words and as a share of the breach", () => {
    const signal = afterScrapes([20, 100], [0, 100], [11, 200], [30, 202], [0, 10], [0, 10]);

    const verdict = judge({
      signals: [signal],
      changes: [aChange()],
      controls: greenControls(),
      services: [],
      tierOf: () => "fast",
      blameWindowMsOf: () => 7_200_000,
    });

    const reason = "41 of 402 requests failed (10.2 %), allowed 5 %";
    expect(verdict).toMatchObject({
      breaches: [{ value: 41 / 402, limit: 0.05, unit: "ratio", reason }],
    });
    expect(verdict.kind === "breached" && verdict.attribution.evidence[0]).toBe(
      `errors is 10.2 %, limit 5 %, since 2026-11-22 12:00:00 UTC: ${reason}`,
    );
  });

  it("takes every sample for a window of its own with `last`", () => {
    const rule: SignalRule = { ...ERRORS, window: { kind: "last" } };

    const states = [
      after(rule, repeated(scraped([10, 20]), 2)).state,
      after(rule, repeated(scraped([10, 19]), 2)).state,
    ];

    expect(states).toEqual(["breach", "too-few-samples"]);
  });
});

describe("the service that a signal accuses", () => {
  const bad = scraped([10, 20], "api");

  it("is the newest bad reading's, as long as the signal is bad", () => {
    const readings = [bad, scraped([10, 20], "worker"), ...repeated(bad, 2), scraped([0, 20])];

    const breached = after(ERRORS, readings);
    const cleared = after(ERRORS, [...readings, ...repeated(scraped([0, 20]), 4)]);

    expect(breached).toMatchObject({ state: "breach", service: "api" });
    expect(cleared.state).toBe("ok");
    expect(cleared).not.toHaveProperty("service");
  });

  it("is nobody when the newest bad reading names nobody", () => {
    const signal = after(ERRORS, [...repeated(bad, 3), scraped([10, 20]), scraped([0, 20])]);

    expect(signal.state).toBe("breach");
    expect(signal).not.toHaveProperty("service");
  });
});

function failing(requests: number): Scrape {
  return [requests, requests];
}

describe("traffic too thin for a share", () => {
  const NOBODY: Scrape = [0, 0];
  /** Six that all fail, the last three twenty seconds after the first. */
  const SIX = [failing(3), NOBODY, NOBODY, NOBODY, failing(3), NOBODY];

  it.each<[string, readonly Scrape[], string]>([
    ["six requests that all fail", SIX, "breach"],
    ["six within one window", [failing(3), failing(3)], "too-few-samples"],
    // a burst that touches two windows
    ["six within five seconds", [NOBODY, failing(3), failing(3)], "too-few-samples"],
    ["four that do", [failing(2), NOBODY, NOBODY, NOBODY, failing(2), NOBODY], "too-few-samples"],
    [
      "five over several windows",
      [failing(1), NOBODY, failing(2), NOBODY, NOBODY, failing(2)],
      "breach",
    ],
    ["a good one among them", [failing(4), [1, 2], failing(4), NOBODY], "too-few-samples"],
    ["a good one before them", [[2, 3], NOBODY, ...SIX], "breach"],
    ["a good one after them", [...SIX.slice(0, -1), [0, 1]], "too-few-samples"],
    // the first three are 60 seconds older than the last two
    [
      "five in more than a minute",
      [failing(3), ...repeated(NOBODY, 11), failing(2), NOBODY],
      "too-few-samples",
    ],
    [
      "five in just a minute",
      [NOBODY, failing(3), ...repeated(NOBODY, 10), failing(2), NOBODY],
      "breach",
    ],
    [
      "a scrape without an answer in between",
      [failing(3), NOBODY, undefined, NOBODY, failing(2), NOBODY],
      "too-few-samples",
    ],
    [
      "a window without an answer in between",
      [failing(3), NOBODY, undefined, undefined, failing(2), NOBODY],
      "too-few-samples",
    ],
    // a window with enough requests is judged by itself, and needs its k windows
    ["twenty that all fail", [failing(10), failing(10)], "too-few-samples"],
  ])("%s: %s", (_name, scrapes, expected) => {
    expect(afterScrapes(...scrapes).state).toBe(expected);
  });

  it("proves a breach since the first of the five, by all of them", () => {
    const signal = afterScrapes(NOBODY, failing(3), NOBODY, NOBODY, failing(4), failing(4));

    expect(signal).toMatchObject({
      state: "breach",
      firstBadAt: NOON + 5000,
      badWindows: 1,
      badShare: { value: 1, allowed: 0.05 },
      reason: "all of 11 requests within 60 s failed; too few to judge a share",
    });
  });

  it("never proves anything of a probe that makes its own requests", () => {
    const slow: Reading = { kind: "measured", value: 0.9, detail: "" };

    const signal = after({ ...LATENCY, minSamples: 6 }, repeated(slow, 11));

    expect(signal.state).toBe("too-few-samples");
    expect(signal).not.toHaveProperty("quiet");
  });

  it("is called quiet, and well, when only requests are missing", () => {
    const signal = afterScrapes([0, 3], [1, 2]);

    expect(signal).toMatchObject({ state: "too-few-samples", quiet: true });
    expect(isWell(signal)).toBe(true);
  });

  it("is not quiet when a scrape failed", () => {
    expect(afterScrapes([0, 3], undefined)).not.toHaveProperty("quiet");
  });

  it("keeps its breach for a minute, is silent then, and forgets it when nobody asks", () => {
    const states = [1, 5, 7, 13].map((scrapes) =>
      afterScrapes(...SIX, ...repeated(NOBODY, scrapes)),
    );

    expect(states.map(({ state, badWindows, quiet }) => [state, badWindows, quiet])).toEqual([
      ["breach", 1, undefined],
      ["breach", 1, undefined],
      ["too-few-samples", 0, undefined],
      ["too-few-samples", 0, true],
    ]);
  });

  it("does not forget while what little is asked fails", () => {
    const more = Array.from({ length: 40 }, (_, index) => (index % 8 === 0 ? failing(1) : NOBODY));

    const signal = afterScrapes(...SIX, ...more);

    expect(signal).toMatchObject({ state: "too-few-samples", badWindows: 0 });
    expect(isWell(signal)).toBe(false);
  });

  it("forgets a breach of full windows too, a minute after the last of them", () => {
    const full = repeated<Scrape>([20, 20], 4);

    const soon = afterScrapes(...full, ...repeated(NOBODY, 10));
    const later = afterScrapes(...full, ...repeated(NOBODY, 12));

    expect([soon, later].map((one) => [one.state, one.badWindows, isWell(one)])).toEqual([
      ["too-few-samples", 0, false],
      ["too-few-samples", 0, true],
    ]);
  });

  it("is ended by good windows as any other breach", () => {
    const signal = afterScrapes(...SIX, ...repeated<Scrape>([0, 20], 4));

    expect(signal).toMatchObject({ state: "ok" });
  });
});
