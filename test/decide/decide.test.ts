import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, isForNow } from "../../src/decide/decide.ts";
import { hold, recommend, type Guard } from "../../src/decide/guard.ts";
import { LADDER } from "../../src/decide/guards/index.ts";
import { blameWindowMsOf, PolicySettings, tierOf } from "../../src/decide/policy.ts";
import { DECISIONS } from "../../src/model/decision.ts";
import { TRIGGER_ROWS, TRIGGERS } from "../../src/model/trigger.ts";
import {
  aBreachedVerdict,
  aHistory,
  aService,
  aSituation,
  greenControls,
  NOON,
} from "../support/builders.ts";

const ROLLBACK = LADDER["roll-back"];

/** Nothing was changed, and nothing else is accused. */
function unchanged(over: Parameters<typeof aSituation>[0] = {}): ReturnType<typeof aSituation> {
  const attribution = { cause: "unknown", evidence: [] } as const;
  return aSituation({
    history: aHistory({ changes: [] }),
    verdict: aBreachedVerdict({ attribution }),
    ...over,
  });
}

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
      ROLLBACK.map((guard) => [guard.id, "allow"]),
    );
    expect(decision.reason).toBe(
      `Roll back to rel-good because of system-down: all ${ROLLBACK.length} guards allow it.`,
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
    expect(decision.guards).toHaveLength(ROLLBACK.length);
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
    expect(decide(aSituation(), { restart: [], "roll-back": [] }).kind).toBe("hold");
  });

  it("never becomes stronger by one more blocking guard", () => {
    const some = fc.subarray([...ROLLBACK, blocking("recommend"), blocking("hold")], {
      minLength: 1,
    });
    const more = fc.constantFrom(blocking("recommend"), blocking("hold"));
    fc.assert(
      fc.property(some, more, (guards, another) => {
        const before = decide(aSituation(), { ...LADDER, "roll-back": guards });
        const after = decide(aSituation(), { ...LADDER, "roll-back": [...guards, another] });
        expect(DECISIONS.indexOf(after.kind)).toBeLessThanOrEqual(DECISIONS.indexOf(before.kind));
        expect(after.kind).not.toBe("roll-back");
      }),
    );
  });
});

describe("the ladder", () => {
  it("restarts the service where nothing was changed and every guard of a restart allows it", () => {
    const decision = decide(unchanged());

    expect(decision).toMatchObject({
      kind: "restart",
      action: "restart",
      services: ["api"],
      target: null,
    });
    expect(decision.guards.map((one) => one.guard)).toEqual(
      LADDER.restart.map((guard) => guard.id),
    );
    expect(decision.reason).toBe(
      `Restart api because of system-down: all ${LADDER.restart.length} guards allow it.`,
    );
  });

  it("weighs a rollback as soon as a change can be blamed", () => {
    const decision = decide(aSituation());

    expect(decision).toMatchObject({ action: "roll-back", target: "rel-good" });
    expect(decision.services).toBeUndefined();
  });

  it.each(TRIGGERS)("of %s without a change is the runbook's", (trigger) => {
    const policy = PolicySettings.parse({ triggers: { [trigger]: { mode: "auto" } } });
    const attribution = { cause: "unknown", evidence: [] } as const;
    const verdict = aBreachedVerdict({ trigger, attribution });

    const { kind, guards } = decide(unchanged({ policy, verdict }));

    const holding = guards.flatMap((one) =>
      one.answer === "block" && one.atMost === "hold" ? [one.guard] : [],
    );
    const restarts = TRIGGER_ROWS[trigger].withoutChange === "restart";
    expect([kind, holding]).toEqual(
      restarts ? ["restart", []] : ["hold", ["change-in-blame-window"]],
    );
  });

  it("asks a person about a restart that rests on reports alone", () => {
    const decision = decide(unchanged({ evidence: ["report"] }));

    expect(decision).toMatchObject({ kind: "recommend", action: "restart" });
    expect(decision.reason).toBe(
      "A person must decide about restarting api: the breach rests on report alone.",
    );
  });

  it("holds where no service is known to be the one", () => {
    const decision = decide(unchanged({ concerned: [] }));

    expect(decision).toMatchObject({ kind: "hold", services: [] });
    expect(decision.reason).toContain("no service is known to be the one");
  });

  it("does not restart for a dead database", () => {
    const controls = greenControls().map((one) =>
      one.name === "database" ? { ...one, state: "red" as const } : one,
    );
    const attribution = { cause: "database", evidence: [] } as const;

    const decision = decide(unchanged({ controls, verdict: aBreachedVerdict({ attribution }) }));

    expect(decision.kind).toBe("hold");
  });

  it("says in shadow mode that it would have restarted", () => {
    const decision = decide(unchanged({ policy: inMode("shadow") }));

    expect(decision.reason).toContain("Otherwise: Restart api because of system-down");
  });
});

describe("a decision that holds", () => {
  const booting = { services: [aService("api", { startedAt: NOON }), aService("importer")] };

  it.each([
    ["only because something is still starting", booting, true],
    ["also because of what stays", { ...booting, busy: ["git is locked"] }, false],
    ["while a person would have to be asked afterwards", { ...booting, evidence: [] }, true],
    [
      "in shadow mode, so that what is told is what it would do",
      { ...booting, policy: inMode("shadow") },
      true,
    ],
    ["for its mode alone", { policy: inMode("shadow") }, false],
    ["for another reason", { busy: ["git is locked"] }, false],
  ] as const)("%s is for now: see the row", (_when, over, isSoonOver) => {
    const decision = decide(aSituation(over));

    expect(decision.kind).toBe("hold");
    expect(isForNow(decision)).toBe(isSoonOver);
  });

  it("is not for now when it does not hold at all", () => {
    expect(isForNow(decide(aSituation()))).toBe(false);
    expect(
      isForNow(decide(aSituation({ verdict: aBreachedVerdict() }), { ...LADDER, "roll-back": [] })),
    ).toBe(false);
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
