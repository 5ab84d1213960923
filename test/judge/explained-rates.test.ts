import { describe, expect, it } from "vitest";
import { explainRule } from "../../src/judge/explain.ts";
import { remember, type SignalMemory } from "../../src/judge/windows.ts";
import type { Sample } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import { seeded, type Random } from "../histories/random.ts";
import { aRule, NOON } from "../support/builders.ts";

const DAY_MS = 86_400_000;
/** What `explainRule` supposes of single samples. */
const ACCIDENT = 0.001;
/** So many standard deviations of a count are no accident. */
const DOUBT = 4;

/** Breaches that begin in so many days of a healthy application, judged sample by sample. */
function breachesIn(days: number, rule: SignalRule, draw: () => Sample["reading"]): number {
  let memory: SignalMemory | undefined;
  let breaches = 0;
  for (let at = NOON; at < NOON + days * DAY_MS; at += rule.intervalMs) {
    const before = memory?.state;
    memory = remember(rule, memory, { signal: rule.name, at, tookMs: 1, reading: draw() });
    breaches += memory.state === "breach" && before !== "breach" ? 1 : 0;
  }
  return breaches;
}

function single(random: Random): Sample["reading"] {
  return { kind: "measured", value: random.chance(ACCIDENT) ? 1 : 0, detail: "" };
}

function counted(random: Random, total: number, share: number): Sample["reading"] {
  const counts = { bad: random.hits(total, share), total };
  return { kind: "measured", value: counts.bad / total, detail: "", counts };
}

describe("the explained false alarms", () => {
  it.each([
    { days: 5, over: { breachAfter: 1, clearAfter: 1, intervalMs: 5000, staleAfterMs: 20_000 } },
    { days: 2, over: { breachAfter: 1, clearAfter: 3, intervalMs: 2000 } },
  ])("of single samples are those that $days days show, with $over", ({ days, over }) => {
    const rule = aRule(over);
    const random = seeded(days);

    const expected = explainRule(rule).falsePerDay * days;
    const found = breachesIn(days, rule, () => single(random));

    expect(Math.abs(found - expected)).toBeLessThan(DOUBT * Math.sqrt(expected));
  });

  it.each([
    { days: 2, breachAfter: 1, minSamples: 20, share: 0.05 },
    { days: 3, breachAfter: 2, minSamples: 40, share: 0.08 },
  ])("of shares are those that $days days show, at a true share of $share", (one) => {
    const { days, breachAfter, minSamples, share } = one;
    const rule = aRule({
      unit: "ratio",
      limit: 0.05,
      window: { kind: "span", ms: 10_000 },
      test: { kind: "share", allowed: 0.05 },
      countsTraffic: true,
      minSamples,
      breachAfter,
      clearAfter: 1,
      intervalMs: 5000,
      staleAfterMs: 20_000,
    });
    const random = seeded(days);
    // Of the two amounts of traffic that are supposed the one with more false alarms counts.
    const [least, most] = [minSamples, minSamples * 10].map((total) =>
      breachesIn(days, rule, () => counted(random, total / 2, share)),
    );

    const expected = explainRule(rule, { trueShare: share }).falsePerDay * days;
    const found = Math.max(least ?? 0, most ?? 0);

    expect(Math.abs(found - expected)).toBeLessThan(DOUBT * Math.sqrt(expected));
  });
});
