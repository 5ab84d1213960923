import { describe, expect, it } from "vitest";
import { isGraver } from "../../src/judge/gravity.ts";
import { judge, type JudgeInput } from "../../src/judge/judge.ts";
import type { Tier } from "../../src/model/tier.ts";
import { TRIGGER_ROWS, type Trigger } from "../../src/model/trigger.ts";
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

function usualTier(trigger: Trigger): Tier {
  return TRIGGER_ROWS[trigger].tier;
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

  it.each<[readonly Trigger[], Trigger]>([
    // an exhausted pool makes responses slow
    [["slow-responses", "error-rate", "pool-exhausted"], "pool-exhausted"],
    [["websocket", "slow-responses", "memory"], "memory"],
    [["error-rate", "slow-responses"], "slow-responses"],
    [["websocket", "error-rate"], "error-rate"],
    // what is down fails every other check too
    [["database-connection", "system-down"], "system-down"],
    // the gravest tier comes before what explains
    [["pool-exhausted", "database-connection"], "database-connection"],
    [["monitoring-broken", "minor-functionality", "websocket"], "websocket"],
  ])("of %s is named by %s", (triggers, expected) => {
    const signals = triggers.map((trigger) => aBreachedSignal({ name: trigger, trigger }));

    const verdict = judge(input({ signals, tierOf: (trigger) => TRIGGER_ROWS[trigger].tier }));

    expect(verdict).toMatchObject({ trigger: expected, breaches: { length: triggers.length } });
  });

  it.each<[Trigger, Trigger, boolean]>([
    ["system-down", "websocket", true],
    ["pool-exhausted", "slow-responses", true],
    ["slow-responses", "pool-exhausted", false],
    ["error-rate", "error-rate", false],
    ["slow-responses", "database-connection", false],
  ])("would sooner be named by %s than by %s: %s", (one, other, expected) => {
    const { tier } = TRIGGER_ROWS[one];
    const { tier: otherTier } = TRIGGER_ROWS[other];

    const names = isGraver({ trigger: one, tier }, { trigger: other, tier: otherTier });

    expect(names).toBe(expected);
  });

  it("does not begin with a planned matter that has lasted long when something graver fails", () => {
    const late = aBreachedSignal({
      name: "beat",
      trigger: "monitoring-broken",
      firstBadAt: NOON - 3_600_000,
    });
    const down = aBreachedSignal({ name: "health", firstBadAt: NOON });

    expect(judge(input({ signals: [late, down], tierOf: usualTier }))).toMatchObject({
      kind: "breached",
      trigger: "system-down",
      since: NOON,
      attribution: { cause: "release" },
    });
    expect(judge(input({ signals: [late], tierOf: usualTier }))).toMatchObject({
      since: NOON - 3_600_000,
    });
  });

  it("hands on whom a breach accuses", () => {
    const verdict = judge(input({ signals: [aBreachedSignal({ service: "api" })] }));

    expect(verdict).toMatchObject({ breaches: [{ service: "api", value: 1, unit: "failures" }] });
  });
});
