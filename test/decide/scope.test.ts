import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import { changedConfiguration } from "../../src/decide/scope.ts";
import type { BreachSituation } from "../../src/decide/situation.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Trigger } from "../../src/model/trigger.ts";
import { aBreachedVerdict, aRelease, aSituation, BAD_COMMIT, NOON } from "../support/builders.ts";

const THEN: Identity = {
  commit: "a".repeat(40),
  served: "good-1",
  lockfile: "1",
  configFiles: { ".env": "e", "server/db.js": "d", "limits.yaml": "m" },
  definitions: { api: "1", importer: "2" },
  schema: "002_alerts (2)",
};
const FILES = [
  { path: ".env", kindOfConfig: "environment" },
  { path: "server/db.js", kindOfConfig: "database" },
  { path: "limits.yaml", kindOfConfig: "monitoring" },
].map((one) => ({ ...one, kind: "file" as const, digest: "x", files: 1, bytes: 1 }));

function situation(now: Partial<Identity>, trigger: Trigger = "system-down"): BreachSituation {
  return aSituation({
    verdict: aBreachedVerdict({ trigger }),
    identity: { ...THEN, ...now },
    target: {
      kind: "candidate",
      release: aRelease({ identity: THEN, configFiles: FILES }),
      provenAt: NOON - 60_000,
      readiness: { kind: "ready", checkedAt: NOON },
    },
  });
}

const ALL_FILES = { ".env": "E", "server/db.js": "D", "limits.yaml": "M" };

describe("what goes back", () => {
  it.each<readonly [string, Partial<Identity>, readonly string[]]>([
    ["a file", { configFiles: { ...THEN.configFiles, "limits.yaml": "M" } }, ["monitoring"]],
    ["a pm2 definition", { definitions: { api: "9", importer: "2" } }, ["environment"]],
    ["files", { configFiles: ALL_FILES }, ["environment", "database", "monitoring"]],
  ])("is the configuration where only %s changed", (_what, now, kinds) => {
    expect(changedConfiguration(situation(now))).toEqual(kinds);
  });

  it.each<readonly [string, Partial<Identity>]>([
    ["the commit", { commit: BAD_COMMIT }],
    ["the lock file", { lockfile: "2" }],
    ["what is served", { served: "other" }],
  ])("is the application where %s changed, too", (_what, now) => {
    const one = situation({ configFiles: ALL_FILES, ...now });

    expect(changedConfiguration(one)).toBeUndefined();
  });

  it("is the application where nothing tells the code", () => {
    const { commit: _then, ...then } = THEN;
    const one = situation({ configFiles: ALL_FILES });
    const unknown = { ...one, identity: { ...then, configFiles: ALL_FILES } };

    expect(changedConfiguration(unknown)).toBeUndefined();
  });

  it("is the application where pm2 lost a service", () => {
    const now = { configFiles: ALL_FILES, definitions: { api: "1", importer: null } };

    expect(changedConfiguration(situation(now))).toBeUndefined();
  });

  it("is the application where nothing changed at all, or nothing is known to go back to", () => {
    const nowhere = situation({ configFiles: ALL_FILES });

    expect(changedConfiguration(situation({}))).toBeUndefined();
    expect(
      changedConfiguration({ ...nowhere, target: { kind: "none", reason: "none yet" } }),
    ).toBeUndefined();
  });

  it.each<readonly [Trigger, Partial<Identity>, readonly string[]]>([
    // The runbook's kinds, where one of them changed.
    ["database-connection", { configFiles: ALL_FILES }, ["environment", "database"]],
    ["monitoring-broken", { configFiles: ALL_FILES }, ["monitoring"]],
    // None of them changed: whatever did.
    ["monitoring-broken", { configFiles: { ...THEN.configFiles, ".env": "E" } }, ["environment"]],
  ])("for %s is %j -> %j", (trigger, now, kinds) => {
    expect(changedConfiguration(situation(now, trigger))).toEqual(kinds);
  });
});

describe("a decision", () => {
  it("says that only the configuration goes back", () => {
    const decision = decide(
      situation({ configFiles: { ...THEN.configFiles, ".env": "E" } }, "database-connection"),
    );

    expect(decision).toMatchObject({
      action: "roll-back",
      scope: "configuration",
      kinds: ["environment"],
      target: "rel-good",
    });
    expect(decision.reason).toContain("the configuration (environment) of rel-good");
  });

  it("says nothing of a scope where the application goes back", () => {
    expect(decide(situation({ commit: BAD_COMMIT }))).not.toHaveProperty("scope");
  });
});
