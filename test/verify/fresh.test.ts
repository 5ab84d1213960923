import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import { type FreshSignal, judgeAfresh } from "../../src/verify/fresh.ts";
import { aRule, NOON } from "../support/builders.ts";

function sample(atMs: number, value: number | null, signal = "health"): Sample {
  const reading: Sample["reading"] =
    value === null
      ? { kind: "absent", reason: "throttled", detail: "429" }
      : { kind: "measured", value, detail: "seen" };
  return { signal, at: NOON + atMs, tookMs: 0, reading };
}

function stateOf(samples: readonly Sample[], nowMs: number): string | undefined {
  const input = { rules: [aRule()], samples, from: NOON, settleMs: 5000, now: NOON + nowMs };
  return judgeAfresh(input)[0]?.state;
}

describe("judging a restored system afresh", () => {
  it("leaves out the good samples of before the restart too", () => {
    expect(stateOf([sample(-1, 0)], 0)).toBe("no-data");
  });

  it("leaves out what was measured before the restart", () => {
    const sick = [-6000, -4000, -2000].map((at) => sample(at, 1));

    expect([stateOf(sick, 0), stateOf([...sick, sample(0, 0)], 0)]).toEqual(["no-data", "ok"]);
  });

  it("holds nothing bad against it while it settles", () => {
    const samples = [
      sample(0, 1),
      sample(1000, 1),
      sample(2000, 1),
      sample(3000, null),
      sample(4000, 0),
    ];

    expect(stateOf(samples, 4000)).toBe("ok");
  });

  it("counts bad samples from the end of settling on", () => {
    const samples = [sample(4999, 1), sample(5000, 1), sample(7000, 1), sample(9000, 1)];

    expect([stateOf(samples.slice(0, 3), 7000), stateOf(samples, 9000)]).toEqual([
      "too-few-samples",
      "breach",
    ]);
  });

  it("gives each rule its own samples", () => {
    expect(stateOf([sample(0, 0, "pm2")], 0)).toBe("no-data");
  });

  it("leaves a share that it may exceed out of the settling time only", () => {
    const sick = { kind: "measured", value: 0, detail: "", counts: { bad: 5, total: 20 } } as const;
    const samples = [1000, 6000, 11_000, 16_000, 21_000].map((at) => ({
      ...sample(at, 0),
      reading: sick,
    }));
    const judged = [0, 5000, 12_000].map(
      (settleMs) => judged10s(samples, { nowMs: 21_000, settleMs }).badWindows,
    );

    expect(judged).toEqual([2, 1, 0]);
  });
});

/** A signal of which half a minute before noon is no beginning of a window. */
function judged10s(
  samples: readonly Sample[],
  at: { readonly nowMs: number; readonly settleMs?: number; readonly from?: number },
): FreshSignal {
  const rule = aRule({
    window: { kind: "span", ms: 10_000 },
    test: { kind: "share", allowed: 0.05 },
    minSamples: 3,
  });
  const { nowMs, settleMs = 0, from = NOON } = at;
  const now = NOON + nowMs;
  const [signal] = judgeAfresh({ rules: [rule], samples, from, settleMs, now });
  if (signal === undefined) {
    throw new Error("a rule has a signal");
  }
  return signal;
}

describe("a restored system's first window", () => {
  const good = Array.from({ length: 12 }, (_one, index) => sample(4000 + index * 1000, 0));

  it("begins with its first sample, wherever the grid of windows lies", () => {
    const from = NOON + 4000;
    const states = [13_000, 14_000].map(
      (nowMs) =>
        judged10s(
          good.filter(({ at }) => at <= NOON + nowMs),
          { nowMs, from },
        ).state,
    );

    expect(states).toEqual(["too-few-samples", "ok"]);
  });

  it("is told at the times of the samples, not of the moved grid", () => {
    const from = NOON + 4000;

    expect(judged10s(good, { nowMs: 15_000, from }).since).toBe(NOON + 14_000);
  });

  // when it is asked, what was seen, whether it is no setback that nothing is known yet
  it.each<[number, readonly Sample[], boolean]>([
    [0, [], true],
    [5000, [sample(1000, 0), sample(3000, 0)], true],
    [5000, [sample(1000, 0), sample(3000, 1)], false], // something was bad
    [10_001, [], false], // nothing was ever measured
    [30_500, [sample(30_400, 0)], false], // it had time for more than one
  ])("after %i ms is pending or not", (nowMs, samples, isPending) => {
    expect(judged10s(samples, { nowMs }).isPending ?? false).toBe(isPending);
  });

  it("is never pending where each sample is judged alone", () => {
    const rules = [aRule()];
    const input = { rules, samples: [], from: NOON, settleMs: 0, now: NOON };

    expect(judgeAfresh(input)[0]).not.toHaveProperty("isPending");
  });
});
