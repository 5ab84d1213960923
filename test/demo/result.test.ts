import { describe, expect, it } from "vitest";
import { faultsOf, resultOf } from "../../demo/result.ts";
import type { Rehearsal } from "../../lab/rehearsal.ts";
import type { ExampleRelease } from "../../lab/releases.ts";
import type { DecisionKind } from "../../src/model/decision.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";

const STARTED = 1_000_000;

function aRelease(change: Partial<ExampleRelease> = {}): ExampleRelease {
  return {
    id: "system-down",
    version: "1.5.0",
    title: "title",
    story: "story",
    trigger: "system-down",
    change: "code",
    env: {},
    delete: [],
    right: { decision: "roll-back", outcome: "rolled-back", cause: "release" },
    ...change,
  };
}

const GOOD = aRelease({
  id: "none",
  trigger: null,
  right: { decision: "hold", outcome: "held", cause: null },
});

/** Entries at seconds after the start of the release's first process. */
function entriesOf(facts: readonly (readonly [number, Fact])[]): readonly Entry[] {
  return facts.map(([seconds, fact], index) => ({
    seq: index + 1,
    at: STARTED + seconds * 1000,
    fact,
  }));
}

function decided(kind: DecisionKind): Fact {
  const decision = { kind, at: 0, reason: "reason", guards: [], target: null };
  return { kind: "decided", incident: "inc-1", decision };
}

function rolledBack(result: "proven" | "not-proven" = "proven"): readonly Entry[] {
  const verification = { result, at: 0, checks: [] };
  return entriesOf([
    [
      6,
      {
        kind: "incident-opened",
        incident: "inc-1",
        trigger: "system-down",
        tier: "immediate",
        mode: "auto",
        since: STARTED + 2000,
        signals: ["api-health"],
      },
    ],
    [6, { kind: "judged", incident: "inc-1", cause: "release", evidence: [] }],
    [6.1, decided("watch")],
    [6.2, decided("roll-back")],
    [30, { kind: "verified", plan: "plan-1", verification }],
    [31, decided("hold")],
    [31, { kind: "closed", incident: "inc-1", outcome: "rolled-back", reason: "done" }],
  ]);
}

function aRehearsal(change: Partial<Rehearsal> = {}): Rehearsal {
  return {
    deployment: { release: "v1.5.0", commit: "c".repeat(40), firstProcessAt: STARTED },
    beganAt: STARTED,
    entries: rolledBack(),
    servedAgainAt: STARTED + 9500,
    load: { sent: 700, failed: 180, outageSeconds: 9 },
    ...change,
  };
}

describe("resultOf", () => {
  it("counts seconds from the bad release's first process", () => {
    const result = resultOf(aRelease(), aRehearsal());

    expect(result.seconds).toEqual({
      toBreach: 6,
      toDecision: 6.2,
      toRestored: 9.5,
      toVerified: 30,
      budget: 300,
    });
  });

  it("tells the first decision of the strongest kind, not the last one made", () => {
    expect(resultOf(aRelease(), aRehearsal()).decision).toBe("roll-back");
  });

  it("names no release where nothing was deployed, and counts from the beginning of the fault", () => {
    const release = aRelease({ change: "none", fault: { kind: "freeze-api" } });

    const result = resultOf(release, aRehearsal({ deployment: null, beganAt: STARTED + 1000 }));

    expect(result.release).toEqual({ bad: null, restored: null });
    expect(result.seconds).toMatchObject({ toBreach: 5, toRestored: 8.5 });
  });

  it("tells a plan that waits for people as a recommendation", () => {
    const asked = {
      kind: "approval-asked",
      plan: "plan-1",
      hash: "f".repeat(64),
      roles: ["devops-engineer"],
      everyRole: false,
      expiresAt: STARTED + 1_800_000,
    } as const;
    const [opened, judged] = rolledBack();

    const result = resultOf(
      aRelease(),
      aRehearsal({
        entries: [
          ...[opened, judged].filter((one) => one !== undefined),
          ...entriesOf([
            [7, decided("recommend")],
            [7, { ...asked, roles: [...asked.roles] }],
          ]),
        ],
        servedAgainAt: undefined,
      }),
    );

    expect(result).toMatchObject({ decision: "recommend", outcome: "recommended" });
  });

  it("tells the trigger that an incident grew to", () => {
    const grown: Fact = {
      kind: "incident-grown",
      incident: "inc-1",
      trigger: "system-down",
      tier: "immediate",
      mode: "auto",
      signals: ["request-errors", "api-health"],
    };
    const opened: Fact = {
      kind: "incident-opened",
      incident: "inc-1",
      trigger: "error-rate",
      tier: "fast",
      mode: "auto",
      since: STARTED,
      signals: ["request-errors"],
    };

    const entries = entriesOf([
      [30, opened],
      [31, grown],
    ]);

    expect(resultOf(aRelease(), aRehearsal({ entries }))).toMatchObject({
      trigger: "system-down",
      tier: "immediate",
      seconds: { toBreach: 30, budget: 300 },
    });
  });

  it("leaves what does not apply null when a good release was left alone", () => {
    const result = resultOf(GOOD, aRehearsal({ entries: [], servedAgainAt: undefined }));

    expect(result).toMatchObject({
      trigger: null,
      decision: "hold",
      outcome: "held",
      release: { bad: null, restored: null },
      verified: null,
      incident: null,
    });
  });
});

describe("faultsOf", () => {
  it("finds nothing wrong with a bad release that was rolled back and proven in time", () => {
    expect(faultsOf(aRelease(), resultOf(aRelease(), aRehearsal()))).toEqual([]);
  });

  it("finds nothing wrong with a good release that was left alone", () => {
    const result = resultOf(GOOD, aRehearsal({ entries: [], servedAgainAt: undefined }));

    expect(faultsOf(GOOD, result)).toEqual([]);
  });

  it("minds a good release that was rolled back", () => {
    expect(faultsOf(GOOD, resultOf(GOOD, aRehearsal()))).toEqual([
      "decided roll-back, right is hold",
      "ended rolled-back, right is held",
      "saw system-down, right is nothing",
      "blamed release, right is nothing",
    ]);
  });

  it("minds a wrong cause", () => {
    const result = { ...resultOf(aRelease(), aRehearsal()), cause: "host" as const };

    expect(faultsOf(aRelease(), result)).toEqual(["blamed host, right is release"]);
  });

  it("expects of an approved recommendation what is right then", () => {
    const release = aRelease({
      right: { decision: "recommend", outcome: "recommended", cause: "release" },
      rightApproved: { decision: "roll-back", outcome: "rolled-back", cause: "release" },
    });
    const result = resultOf(release, aRehearsal());

    expect(faultsOf(release, result, true)).toEqual([]);
    expect(faultsOf(release, result)).toEqual([
      "decided roll-back, right is recommend",
      "ended rolled-back, right is recommended",
    ]);
  });

  it("minds a rollback that is not proven", () => {
    const result = resultOf(aRelease(), aRehearsal({ entries: rolledBack("not-proven") }));

    expect(faultsOf(aRelease(), result)).toEqual(["the restored system is not proven healthy"]);
  });

  it("minds a rollback that took longer than the tier's budget", () => {
    const result = resultOf(aRelease(), aRehearsal());
    const late = { ...result, seconds: { ...result.seconds, toVerified: 301 } };

    expect(faultsOf(aRelease(), late)).toEqual(["took 301 s, more than 300 s"]);
  });
});
