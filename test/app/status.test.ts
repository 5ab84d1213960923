import { describe, expect, it } from "vitest";
import {
  reportDeployed,
  reportIncidents,
  reportReleases,
  reportRollback,
  reportSignal,
  reportVerdict,
} from "../../src/app/status.ts";
import type { KnownRelease } from "../../src/model/history.ts";
import type { Readiness } from "../../src/model/release.ts";
import {
  aBreachedVerdict,
  aHistory,
  anIdentity,
  anIncident,
  aPlan,
  aRecovery,
  aRule,
  aSignal,
  BAD_COMMIT,
  GOOD_COMMIT,
  NOON,
} from "../support/builders.ts";

const KNOWN: KnownRelease = { id: "rel-1", identity: anIdentity(), tag: "v1", capturedAt: NOON };
const STEPS = [
  { id: "switch:server", kind: "switch", phase: "act", text: "put server back" },
  { id: "clean-up", kind: "clean-up", phase: "settle" },
] as const;

describe("a signal's report", () => {
  it("has the number of bad windows that would be a breach, and null for what was never measured", () => {
    const { value: _none, ...silent } = aSignal({ state: "no-data" });

    const report = reportSignal(silent, [aRule({ breachAfter: 7 })]);

    expect(report).toMatchObject({ state: "no-data", value: null, breachAfter: 7 });
  });
});

describe("a verdict's report", () => {
  it("of a breach has the cause; of a run of bad samples only its beginning", () => {
    const breached = reportVerdict(
      aBreachedVerdict({ attribution: { cause: "release", evidence: ["changed"] } }),
    );
    const suspect = reportVerdict({
      kind: "suspect",
      firstBadAt: NOON,
      signals: ["health"],
      missing: [],
    });

    expect(breached).toMatchObject({ cause: "release", evidence: ["changed"], since: NOON });
    expect(suspect).toMatchObject({ kind: "suspect", since: NOON, cause: null });
  });
});

describe("the report of what is deployed", () => {
  it("is null before anybody has looked", () => {
    expect(reportDeployed(aHistory(), undefined)).toBeNull();
  });

  it("has the commit that the journal knows and the release id that is served now", () => {
    const history = aHistory({
      identity: { value: anIdentity({ commit: GOOD_COMMIT, served: "v1" }), since: NOON },
    });

    expect(reportDeployed(history, { served: "v2" })).toEqual({
      commit: GOOD_COMMIT,
      served: "v2",
      since: NOON,
    });
    expect(reportDeployed(history, undefined)?.served).toBe("v1");
  });

  it("is what was seen while the journal knows nothing", () => {
    expect(reportDeployed(aHistory(), { commit: BAD_COMMIT })).toMatchObject({
      commit: BAD_COMMIT,
    });
  });
});

describe("the releases' report", () => {
  const readinesses: Readonly<Record<string, Readiness>> = {
    ready: { kind: "ready", checkedAt: NOON },
    damaged: { kind: "not-ready", checkedAt: NOON, problems: ["server is gone"] },
  };

  it.each([
    ["ready", true, []],
    ["damaged", false, ["server is gone"]],
    // Never checked: neither ready nor not.
    ["unchecked", null, []],
  ] as const)("says of a %s one whether it can be used", (id, ready, problems) => {
    const history = aHistory({ releases: [{ ...KNOWN, id }] });

    const [report] = reportReleases(history, { get: (one) => readinesses[one] });

    expect(report).toMatchObject({ id, ready, problems, provenAt: null });
  });

  it("begins with the newest", () => {
    const history = aHistory({ releases: [KNOWN, { ...KNOWN, id: "rel-2" }] });

    const ids = reportReleases(history, { get: () => undefined }).map((one) => one.id);

    expect(ids).toEqual(["rel-2", "rel-1"]);
  });
});

describe("the incidents' report", () => {
  it("has each incident with its own recoveries, newest first", () => {
    const other = aRecovery(NOON, { plan: aPlan({ id: "plan-2", incident: "inc-2" }) });
    const history = aHistory({
      incidents: [anIncident(), anIncident({ id: "inc-2" })],
      recoveries: [aRecovery(NOON), other],
    });

    const reports = reportIncidents(history);

    expect(reports.map((one) => [one.id, one.recoveries.map((recovery) => recovery.plan)])).toEqual(
      [
        ["inc-2", ["plan-2"]],
        ["inc-1", ["plan-1"]],
      ],
    );
  });

  it("has a step's text, or its id where it has none, and null for what is not over", () => {
    const recovery = aRecovery(NOON, {
      plan: aPlan({ steps: [...STEPS] }),
      steps: STEPS.map(({ id }) => ({ step: id, attempt: 1, startedAt: NOON })),
    });
    const history = aHistory({ incidents: [anIncident()], recoveries: [recovery] });

    const [report] = reportIncidents(history);

    expect(report?.closed).toBeNull();
    expect(report?.recoveries[0]?.steps).toEqual([
      {
        id: "switch:server",
        text: "put server back",
        startedAt: NOON,
        finishedAt: null,
        outcome: null,
      },
      { id: "clean-up", text: "clean-up", startedAt: NOON, finishedAt: null, outcome: null },
    ]);
  });
});

describe("the report of a rollback on its way", () => {
  it("counts each step that is done once, however often it was begun", () => {
    const done = { kind: "done", detail: "" } as const;
    const recovery = aRecovery(NOON, {
      plan: aPlan({ steps: [...STEPS] }),
      steps: [
        {
          step: "switch:server",
          attempt: 1,
          startedAt: NOON,
          outcome: { kind: "failed", detail: "busy" },
        },
        { step: "switch:server", attempt: 1, startedAt: NOON, outcome: done },
        { step: "switch:server", attempt: 1, startedAt: NOON, outcome: done },
        { step: "clean-up", attempt: 1, startedAt: NOON },
      ],
    });

    expect(reportRollback(recovery)).toMatchObject({
      step: "clean-up",
      stepsDone: 1,
      stepsTotal: 2,
    });
  });
});
