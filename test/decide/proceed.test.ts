import { describe, expect, it } from "vitest";
import { mayProceed } from "../../src/decide/proceed.ts";
import { PolicySettings } from "../../src/decide/policy.ts";
import type { BreachSituation } from "../../src/decide/situation.ts";
import {
  aBreachedVerdict,
  aHistory,
  aRecovery,
  aService,
  anIdentity,
  aSituation,
  greenControls,
  NOON,
} from "../support/builders.ts";

const GO = { kind: "go" };
const SHADOW = PolicySettings.parse({});
const PAUSED = aHistory({ pause: { by: "Ada", reason: "new disk", at: NOON, until: null } });
const BOOTING = [aService("api", { startedAt: NOON }), aService("importer")];
const PM2_DEAD = greenControls().map((one) =>
  one.name === "pm2" ? { ...one, state: "red" as const } : one,
);
const BROKEN_SCHEMA: Partial<BreachSituation> = {
  schema: {
    kind: "compared",
    comparison: {
      verdict: "breaking",
      differences: [
        {
          kind: "column",
          name: "public.rounds.visits",
          change: "removed",
          verdict: "breaking",
          reason: "dropped",
        },
      ],
    },
  },
};
const CHANGED_SCHEMA = anIdentity({ schema: "003_summary (3)" });
const { schema: _unknown, ...UNKNOWN_SCHEMA } = anIdentity();
const DAMAGED: Partial<BreachSituation> = (() => {
  const { target } = aSituation();
  const readiness = { kind: "not-ready", checkedAt: NOON, problems: ["hash"] } as const;
  return target.kind === "candidate" ? { target: { ...target, readiness } } : {};
})();

function unchanged(over: Partial<BreachSituation> = {}): BreachSituation {
  const attribution = { cause: "unknown", evidence: [] } as const;
  const verdict = aBreachedVerdict({ attribution });
  return aSituation({ history: aHistory({ changes: [] }), verdict, ...over });
}

describe("an approved plan", () => {
  it.each<[string, Partial<BreachSituation>]>([
    ["all guards allow it", {}],
    ["the mode forbids to act unasked", { policy: SHADOW }],
    ["a guard only recommends", { evidence: ["report"] }],
    ["the cool-down is not over", { history: aHistory({ recoveries: [aRecovery(NOON)] }) }],
    ["the schema is unknown", { identity: UNKNOWN_SCHEMA }],
    ["the schema has changed", { identity: CHANGED_SCHEMA }],
    ["the older code may not run on the schema, which people have read", BROKEN_SCHEMA],
    ["a service is still starting", { services: BOOTING }],
  ])("begins although %s", (_when, over) => {
    expect(mayProceed(aSituation(over), "roll-back", "approved")).toEqual(GO);
  });

  it.each<[string, Partial<BreachSituation>, string]>([
    ["rollwatch is paused", { history: PAUSED }, "Ada paused rollwatch"],
    ["somebody deploys", { busy: ["git is locked"] }, "git is locked"],
    ["the lock is lost", { lockHeld: false }, "somebody else holds the lock"],
    ["pm2 is dead", { controls: PM2_DEAD }, "pm2 does not answer"],
    [
      "the database turns out to be the cause",
      { verdict: aBreachedVerdict({ attribution: { cause: "database", evidence: [] } }) },
      "no rollback cures that",
    ],
  ])("does not begin when %s", (_when, over, reason) => {
    expect(mayProceed(aSituation(over), "roll-back", "approved")).toEqual({
      kind: "no",
      reasons: [expect.stringContaining(reason)],
    });
  });

  it("names every reason", () => {
    const situation = aSituation({ busy: ["git is locked"], lockHeld: false });

    expect(mayProceed(situation, "roll-back", "approved")).toMatchObject({
      reasons: { length: 2 },
    });
  });

  it("restarts when it is a restart, and nothing was changed since", () => {
    expect(mayProceed(unchanged(), "restart", "approved")).toEqual(GO);
    expect(mayProceed(aSituation(), "restart", "approved").kind).toBe("no");
  });
});

describe("a rollback by hand", () => {
  it.each<[string, Partial<BreachSituation>]>([
    ["nothing was changed", { history: aHistory({ changes: [] }) }],
    ["rollwatch is paused", { history: PAUSED }],
    ["the mode is shadow", { policy: SHADOW }],
    ["there was one a moment ago", { history: aHistory({ recoveries: [aRecovery(NOON)] }) }],
    ["a stop loses work", { work: [{ name: "api", work: "unsafe", boot: 0 }] }],
    ["a person stopped a service", { stopped: ["api"] }],
    ["the schema has changed", { identity: CHANGED_SCHEMA }],
    ["the schema is unknown", { identity: UNKNOWN_SCHEMA }],
    ["the schema cannot be compared", { schema: { kind: "unknown", reason: "it is down" } }],
  ])("begins although %s", (_when, over) => {
    expect(mayProceed(aSituation(over), "roll-back", "person")).toEqual(GO);
  });

  it.each<[string, Partial<BreachSituation>]>([
    ["pm2 has lost a service", { services: [{ name: "api", instances: [] }] }],
    ["pm2 is dead", { controls: PM2_DEAD }],
    ["the target is not ready", DAMAGED],
    ["there is no target", { target: { kind: "none", reason: "nothing was proven" } }],
    ["somebody deploys", { busy: ["git is locked"] }],
    ["the lock is lost", { lockHeld: false }],
  ])("does not begin when %s", (_when, over) => {
    expect(mayProceed(aSituation(over), "roll-back", "person").kind).toBe("no");
  });
});

describe("a rollback by hand to a release that may not run on today's schema", () => {
  it("is refused, with what keeps it from running and what to do instead", () => {
    const answer = mayProceed(aSituation(BROKEN_SCHEMA), "roll-back", "person");

    expect(answer).toEqual({
      kind: "no",
      reasons: [
        "rel-good may not run on today's schema: column public.rounds.visits removed (dropped); go back with --scope schema, database or all, which take the schema along",
      ],
    });
  });
});

describe("a restart by hand", () => {
  it.each<[string, Partial<BreachSituation>]>([
    ["a change could be blamed", {}],
    ["there is no target", { target: { kind: "none", reason: "nothing was proven" } }],
    ["the schema has changed", { identity: CHANGED_SCHEMA }],
  ])("begins although %s", (_when, over) => {
    expect(mayProceed(aSituation(over), "restart", "person")).toEqual(GO);
  });

  it.each<[string, Partial<BreachSituation>]>([
    ["no service is named", { concerned: [] }],
    ["pm2 is dead", { controls: PM2_DEAD }],
    ["somebody deploys", { busy: ["git is locked"] }],
    ["the lock is lost", { lockHeld: false }],
  ])("does not begin when %s", (_when, over) => {
    expect(mayProceed(aSituation(over), "restart", "person").kind).toBe("no");
  });
});
