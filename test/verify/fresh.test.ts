import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import { judgeAfresh } from "../../src/verify/fresh.ts";
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
});
