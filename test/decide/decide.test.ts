import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import { hold, recommend, type Guard } from "../../src/decide/guard.ts";
import { GUARDS } from "../../src/decide/guards/index.ts";
import { blameWindowMsOf, PolicySettings, tierOf } from "../../src/decide/policy.ts";
import { DECISIONS } from "../../src/model/decision.ts";
import { aSituation, NOON } from "../support/builders.ts";

function inMode(chosen: string): PolicySettings {
  return PolicySettings.parse({ triggers: { "system-down": { mode: chosen } } });
}

function blocking(atMost: "recommend" | "hold"): Guard {
  const say = atMost === "hold" ? hold : recommend;
  return { id: `says-${atMost}`, check: () => say("because") };
}

describe("a decision", () => {
  it("rolls back when every guard allows it, and keeps every answer", () => {
    const decision = decide(aSituation());

    expect(decision).toMatchObject({ kind: "roll-back", at: aSituation().now, target: "rel-good" });
    expect(decision.guards.map((one) => [one.guard, one.answer])).toEqual(
      GUARDS.map((guard) => [guard.id, "allow"]),
    );
    expect(decision.reason).toBe(
      `Roll back to rel-good because of system-down: all ${GUARDS.length} guards allow it.`,
    );
  });

  it("watches while a breach is not proven, and asks no guard", () => {
    const verdict = {
      kind: "suspect",
      firstBadAt: NOON,
      signals: ["health"],
      missing: [],
    } as const;

    const decision = decide({ ...aSituation(), verdict });

    expect(decision).toMatchObject({ kind: "watch", guards: [], target: null });
  });

  it("holds when nothing is wrong", () => {
    expect(decide({ ...aSituation(), verdict: { kind: "healthy", missing: [] } }).kind).toBe(
      "hold",
    );
  });

  it("asks a person when one guard leaves no more, and says why", () => {
    const decision = decide(aSituation({ evidence: ["webhook"] }));

    expect(decision.kind).toBe("recommend");
    expect(decision.reason).toContain("the breach rests on webhook alone");
  });

  it("holds when one guard says so, whatever the others leave", () => {
    const decision = decide(aSituation({ evidence: ["webhook"], busy: ["git is locked"] }));

    expect(decision.kind).toBe("hold");
    expect(decision.reason).toBe("Leave everything as it is: somebody is at work: git is locked.");
    expect(decision.guards).toHaveLength(GUARDS.length);
  });

  it.each(["shadow", "off"])("holds in mode %s and says what would have been done", (chosen) => {
    const decision = decide(aSituation({ policy: inMode(chosen) }));

    expect(decision.kind).toBe("hold");
    expect(decision.reason).toContain(
      `the mode of system-down is ${chosen}: nothing is done by itself. Otherwise: Roll back to rel-good`,
    );
  });

  it("says in shadow mode when a person would have been asked", () => {
    const decision = decide(aSituation({ policy: inMode("shadow"), evidence: [] }));

    expect(decision.reason).toContain("Otherwise: A person must decide");
  });

  it("holds when there is no guard to ask", () => {
    expect(decide(aSituation(), []).kind).toBe("hold");
  });

  it("never becomes stronger by one more blocking guard", () => {
    const some = fc.subarray([...GUARDS, blocking("recommend"), blocking("hold")], {
      minLength: 1,
    });
    const more = fc.constantFrom(blocking("recommend"), blocking("hold"));
    fc.assert(
      fc.property(some, more, (guards, another) => {
        const before = decide(aSituation(), guards);
        const after = decide(aSituation(), [...guards, another]);
        expect(DECISIONS.indexOf(after.kind)).toBeLessThanOrEqual(DECISIONS.indexOf(before.kind));
        expect(after.kind).not.toBe("roll-back");
      }),
    );
  });
});

describe("the policy", () => {
  it("takes tier and blame window from the runbook, unless it names its own", () => {
    const own = PolicySettings.parse({ triggers: { "system-down": { tier: "fast" } } });
    const window = PolicySettings.parse({ triggers: { "system-down": { blameWindow: "20m" } } });

    const tiers = [inMode("auto"), own].map((policy) => tierOf(policy, "system-down"));
    const windows = [inMode("auto"), own, window].map((policy) =>
      blameWindowMsOf(policy, "system-down"),
    );

    expect(tiers).toEqual(["immediate", "fast"]);
    expect(windows).toEqual([7_200_000, 21_600_000, 1_200_000]);
  });
});
