import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import { judge } from "../../src/judge/judge.ts";
import { remember, signalAt, type SignalMemory } from "../../src/judge/windows.ts";
import type { Sample } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
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
