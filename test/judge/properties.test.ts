import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import { requestsOf, windowOf } from "../../src/judge/finished-window.ts";
import { judge } from "../../src/judge/judge.ts";
import { signalAt } from "../../src/judge/signal-at.ts";
import { remember, type SignalMemory } from "../../src/judge/windows.ts";
import type { Sample } from "../../src/model/sample.ts";
import { isWell, type Signal, type SignalRule } from "../../src/model/signal.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { aChange, aRule, aSituation, greenControls, NOON } from "../support/builders.ts";

const RANK = { healthy: 0, suspect: 1, breached: 2 } as const;

type Mark = "bad" | "good" | "absent";

interface Seen {
  readonly mark: Mark;
  readonly at: number;
}

const lastRule = fc
  .record({
    breachAfter: fc.integer({ min: 1, max: 5 }),
    clearAfter: fc.integer({ min: 1, max: 4 }),
  })
  .map((over) => aRule(over));

const spanRule = fc
  .record({
    breachAfter: fc.integer({ min: 1, max: 3 }),
    clearAfter: fc.integer({ min: 1, max: 3 }),
    minSamples: fc.integer({ min: 1, max: 4 }),
  })
  .map((over) => aRule({ ...over, window: { kind: "span", ms: 10_000 } }));

function streamOf(marks: readonly Mark[]): fc.Arbitrary<readonly Seen[]> {
  const one = fc.record({
    mark: fc.constantFrom(...marks),
    gap: fc.constantFrom(2000, 2000, 2000, 4000, 12_000),
  });
  return fc.array(one, { maxLength: 40 }).map((list) => {
    let at = NOON;
    return list.map(({ mark, gap }) => {
      at += gap;
      return { mark, at };
    });
  });
}

function sampleOf({ mark, at }: Seen): Sample {
  const reading: Sample["reading"] =
    mark === "absent"
      ? { kind: "absent", reason: "throttled", detail: "429" }
      : { kind: "measured", value: mark === "bad" ? 1 : 0, detail: mark };
  return { signal: "health", at, tookMs: 0, reading };
}

function verdictOf(rule: SignalRule, seen: readonly Seen[]): Verdict {
  let memory: SignalMemory | undefined;
  for (const one of seen) {
    memory = remember(rule, memory, sampleOf(one));
  }
  const now = memory?.endedAt ?? NOON;
  return judge({
    signals: [signalAt(rule, memory, { now, stoppedByPerson: false })],
    changes: [aChange()],
    controls: greenControls(),
    services: [],
    tierOf: () => "immediate",
    blameWindowMsOf: () => 7_200_000,
  });
}

describe("for every sequence of samples", () => {
  it("judgement rolls nothing back unless a breach is proven", () => {
    fc.assert(
      fc.property(
        fc.oneof(lastRule, spanRule),
        streamOf(["bad", "good", "absent"]),
        (rule, seen) => {
          const verdict = verdictOf(rule, seen);
          const decision = decide({ ...aSituation(), verdict });
          expect(decision.kind === "roll-back").toBe(verdict.kind === "breached");
        },
      ),
    );
  });

  it("absent and good readings never make a breach, nor a suspicion", () => {
    fc.assert(
      fc.property(fc.oneof(lastRule, spanRule), streamOf(["good", "absent"]), (rule, seen) => {
        expect(verdictOf(rule, seen).kind).toBe("healthy");
      }),
    );
  });

  it("fewer than k bad samples never make a breach", () => {
    fc.assert(
      fc.property(lastRule, streamOf(["bad", "good", "absent"]), (rule, seen) => {
        fc.pre(seen.filter((one) => one.mark === "bad").length < rule.breachAfter);
        expect(verdictOf(rule, seen).kind).not.toBe("breached");
      }),
    );
  });

  it("what is confirmed faster is never in breach before its least time", () => {
    const confirm = { everyMs: 500, overMs: 5000 };
    fc.assert(
      fc.property(lastRule, streamOf(["bad", "good", "absent"]), (rule, seen) => {
        const verdict = verdictOf({ ...rule, confirm }, seen);
        const breaches = verdict.kind === "breached" ? verdict.breaches : [];
        for (const { since, provenAt } of breaches) {
          expect(provenAt - since).toBeGreaterThanOrEqual(confirm.overMs);
        }
      }),
    );
  });

  it("k bad samples at the end always make a breach", () => {
    fc.assert(
      fc.property(lastRule, streamOf(["bad", "good", "absent"]), (rule, seen) => {
        const start = seen.at(-1)?.at ?? NOON;
        const end = Array.from({ length: rule.breachAfter }, (_, index) => ({
          mark: "bad" as const,
          at: start + 2000 * (index + 1),
        }));
        expect(verdictOf(rule, [...seen, ...end]).kind).toBe("breached");
      }),
    );
  });

  it("taking a bad sample away never makes the verdict worse", () => {
    fc.assert(
      fc.property(lastRule, streamOf(["bad", "good", "absent"]), fc.nat(), (rule, seen, pick) => {
        const bad = seen.filter((one) => one.mark === "bad");
        fc.pre(bad.length > 0);
        const fewer = seen.filter((one) => one !== bad[pick % bad.length]);
        expect(RANK[verdictOf(rule, fewer).kind]).toBeLessThanOrEqual(
          RANK[verdictOf(rule, seen).kind],
        );
      }),
      { numRuns: 500 },
    );
  });

  it("making a bad sample good never makes the verdict worse", () => {
    fc.assert(
      fc.property(
        fc.oneof(lastRule, spanRule),
        streamOf(["bad", "good", "absent"]),
        fc.nat(),
        (rule, seen, pick) => {
          const bad = seen.filter((one) => one.mark === "bad");
          fc.pre(bad.length > 0);
          const better = seen.map((one): Seen =>
            one === bad[pick % bad.length] ? { ...one, mark: "good" } : one,
          );
          expect(RANK[verdictOf(rule, better).kind]).toBeLessThanOrEqual(
            RANK[verdictOf(rule, seen).kind],
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

interface Scraped {
  readonly at: number;
  readonly bad: number;
  readonly total: number;
  readonly isAbsent: boolean;
}

const trafficRule = fc
  .record({
    breachAfter: fc.integer({ min: 1, max: 3 }),
    clearAfter: fc.integer({ min: 1, max: 3 }),
    minSamples: fc.integer({ min: 2, max: 12 }),
    window: fc.constantFrom<SignalRule["window"]>({ kind: "last" }, { kind: "span", ms: 10_000 }),
  })
  .map((over) =>
    aRule({
      ...over,
      test: { kind: "share", allowed: 0.05 },
      countsTraffic: true,
      staleAfterMs: 30_000,
    }),
  );

const traffic = fc
  .array(
    fc.record({
      gap: fc.constantFrom(5000, 5000, 5000, 10_000, 40_000),
      total: fc.constantFrom(0, 0, 1, 2, 5, 20),
      bad: fc.nat(20),
      isAbsent: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    }),
    { maxLength: 40 },
  )
  .map((list) => {
    let at = NOON;
    return list.map(({ gap, total, bad, isAbsent }): Scraped => {
      at += gap;
      return { at, total, bad: Math.min(bad, total), isAbsent };
    });
  });

function scrapeOf({ at, bad, total, isAbsent }: Scraped): Sample {
  const reading: Sample["reading"] = isAbsent
    ? { kind: "absent", reason: "no-metrics", detail: "404" }
    : { kind: "measured", value: 0, detail: "scraped", counts: { bad, total } };
  return { signal: "health", at, tookMs: 0, reading };
}

function memoryOf(rule: SignalRule, samples: readonly Sample[]): SignalMemory | undefined {
  let memory: SignalMemory | undefined;
  for (const sample of samples) {
    memory = remember(rule, memory, sample);
  }
  return memory;
}

function stateOf(rule: SignalRule, memory: SignalMemory | undefined): Signal {
  const now = memory?.endedAt ?? NOON;
  return signalAt(rule, memory, { now, stoppedByPerson: false });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

describe("for every sequence of scrapes", () => {
  it("more bad requests never turn a breach off", () => {
    fc.assert(
      fc.property(trafficRule, traffic, fc.nat(), (rule, scrapes, pick) => {
        const worse = scrapes.map((one, index) =>
          index === pick % scrapes.length ? { ...one, bad: one.total } : one,
        );
        const before = stateOf(rule, memoryOf(rule, scrapes.map(scrapeOf)));
        const after = stateOf(rule, memoryOf(rule, worse.map(scrapeOf)));
        expect(before.state === "breach" && after.state !== "breach").toBe(false);
        expect(isWell(after) && !isWell(before)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it("every request is counted by one window, once", () => {
    fc.assert(
      fc.property(trafficRule, traffic, (over, scrapes) => {
        const rule: SignalRule = { ...over, minSamples: 1, test: { kind: "share", allowed: 0 } };
        const failing = scrapes.map((one) => scrapeOf({ ...one, bad: one.total, isAbsent: false }));
        let open: readonly Sample[] = [];
        let counted = 0;
        for (const sample of failing) {
          const { finished, unfinished } = windowOf(rule, open, sample);
          open = unfinished;
          for (const window of finished) {
            counted += window.kind === "bad" ? (window.requests?.total ?? 0) : 0;
          }
        }
        const left = open.map((one) => requestsOf(rule, one)?.total ?? 0);
        const asked = scrapes.map((one) => one.total);
        expect(counted + sum(left)).toBe(sum(asked));
      }),
    );
  });

  it("a scrape that is handed in twice counts once", () => {
    fc.assert(
      fc.property(trafficRule, traffic, (rule, scrapes) => {
        const samples = scrapes.map(scrapeOf);
        const twice = samples.flatMap((one) => [one, one]);
        expect(memoryOf(rule, twice)).toEqual(memoryOf(rule, samples));
      }),
    );
  });

  it("good requests alone never make a breach, nor a suspicion", () => {
    fc.assert(
      fc.property(trafficRule, traffic, (rule, scrapes) => {
        const samples = scrapes.map((one) => scrapeOf({ ...one, bad: 0 }));
        const { state, badWindows } = stateOf(rule, memoryOf(rule, samples));
        expect([state === "breach", badWindows]).toEqual([false, 0]);
      }),
    );
  });

  it("no breach outlives two minutes in which nobody asks", () => {
    fc.assert(
      fc.property(trafficRule, traffic, (rule, scrapes) => {
        const end = scrapes.at(-1)?.at ?? NOON;
        const silence = Array.from({ length: 26 }, (_, index) =>
          scrapeOf({ at: end + 5000 * (index + 1), bad: 0, total: 0, isAbsent: false }),
        );
        const signal = stateOf(rule, memoryOf(rule, [...scrapes.map(scrapeOf), ...silence]));
        expect(isWell(signal)).toBe(true);
      }),
    );
  });
});
