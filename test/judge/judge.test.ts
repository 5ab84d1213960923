import { describe, expect, it } from "vitest";
import { judge, type JudgeInput } from "../../src/judge/judge.ts";
import {
  aBreachedSignal,
  aChange,
  aService,
  aSignal,
  greenControls,
  NOON,
} from "../support/builders.ts";

function input(over: Partial<JudgeInput> = {}): JudgeInput {
  return {
    signals: [aSignal()],
    changes: [aChange()],
    controls: greenControls(),
    services: [aService("api")],
    tierOf: () => "immediate",
    blameWindowMsOf: () => 7_200_000,
    ...over,
  };
}

describe("the verdict", () => {
  it("is healthy when every signal is ok", () => {
    expect(judge(input())).toEqual({ kind: "healthy", missing: [] });
  });

  it.each(["too-few-samples", "no-data", "stale", "probe-error"] as const)(
    "names a signal that is %s as missing and stays healthy",
    (state) => {
      const verdict = judge(input({ signals: [aSignal({ state, reason: "why" })] }));

      expect(verdict).toEqual({
        kind: "healthy",
        missing: [{ signal: "health", state, reason: "why" }],
      });
    },
  );

  it("is suspect from the first bad window on", () => {
    const bad = aSignal({ badWindows: 1, goodWindows: 0, firstBadAt: NOON + 7 });

    const verdict = judge(input({ signals: [aSignal({ name: "pm2" }), bad] }));

    expect(verdict).toMatchObject({ kind: "suspect", firstBadAt: NOON + 7, signals: ["health"] });
  });

  it("is breached since the first bad sample of all breaches", () => {
    const signals = [
      aBreachedSignal({ firstBadAt: NOON + 100 }),
      aBreachedSignal({ name: "pm2", firstBadAt: NOON }),
    ];

    const verdict = judge(input({ signals }));

    expect(verdict).toMatchObject({
      kind: "breached",
      trigger: "system-down",
      tier: "immediate",
      since: NOON,
      breaches: [{ signal: "health", since: NOON + 100, provenAt: NOON + 4000 }, { signal: "pm2" }],
      attribution: { cause: "release" },
    });
  });
});
