import { describe, expect, it } from "vitest";
import type { History, Incident, Recovery } from "../../../src/model/history.ts";
import type { PublicView } from "../../../src/model/public-page.ts";
import { MODES, TRIGGERS } from "../../../src/model/trigger.ts";
import { StatusPageSettings } from "../../../src/notify/status-page/settings.ts";
import { publicView } from "../../../src/notify/status-page/view.ts";
import { aHistory, anIncident, aPlan, aRecovery, NOON } from "../../support/builders.ts";

const DAY = 24 * 3_600_000;
const COMPONENTS = [
  { name: "Web", services: ["web"] },
  { name: "Import", services: ["importer"], signals: ["backlog"] },
];

function seen(history: Partial<History>, components: readonly unknown[] = COMPONENTS): PublicView {
  return publicView({
    settings: StatusPageSettings.parse({ components }),
    title: "Radiation",
    history: aHistory(history),
    serviceOf: new Map([["health", "web"]]),
    now: NOON + 60_000,
  });
}

function states(view: PublicView): Readonly<Record<string, string>> {
  return Object.fromEntries(view.components.map(({ name, state }) => [name, state]));
}

/** A rollback that has begun to stop the importer. */
function acting(over: Partial<Recovery> = {}): Recovery {
  const steps = [{ id: "stop:importer", kind: "stop", phase: "act" as const, service: "importer" }];
  const { ended: _none, ...recovery } = aRecovery(NOON + 30_000, { plan: aPlan({ steps }) });
  return {
    ...recovery,
    attempts: [NOON + 10_000],
    steps: [{ step: "stop:importer", startedAt: NOON + 11_000 }],
    ...over,
  };
}

const ended = { at: NOON + 30_000, result: "completed", reason: "proven healthy" } as const;
const closed = { at: NOON + 31_000, outcome: "rolled-back", reason: "ok again" } as const;

describe("the public view", () => {
  it("is well while nothing happened", () => {
    const view = seen({});

    expect(states(view)).toEqual({ Web: "operational", Import: "operational" });
    expect(view.incidents).toEqual([]);
  });

  it("is one part under the page's title where none is configured", () => {
    expect(states(seen({ incidents: [anIncident()] }, []))).toEqual({ Radiation: "major_outage" });
  });

  it.each([
    ["a signal of its service", ["health"], ["Web"]],
    ["a signal of its own", ["backlog"], ["Import"]],
    ["both", ["health", "backlog"], ["Web", "Import"]],
    ["a signal that belongs to no part", ["disk"], ["Web", "Import"]],
  ])("says which parts are touched: %s", (_what, signals, components) => {
    const [incident] = seen({ incidents: [anIncident({ signals })] }).incidents;

    expect(incident?.components).toEqual(components);
  });

  it("tells the whole life of a rollback, and that the system undergoes one", () => {
    const incidents = [anIncident({ closed })];
    const verification = { result: "proven" as const, at: NOON + 29_000, checks: [] };

    const view = seen({ incidents, recoveries: [acting({ ended, verification })] });

    expect(view.incidents[0]?.updates.map(({ phase, at }) => [phase, at - NOON])).toEqual([
      ["investigating", 4000],
      ["identified", 10_000],
      ["monitoring", 29_000],
      ["resolved", 31_000],
    ]);
    expect(view.incidents[0]?.updates[1]?.text).toContain("SYSTEM UNDERGOING ROLLBACK");
    expect(view.incidents[0]?.phase).toBe("resolved");
    expect(view.changedAt).toBe(NOON + 31_000);
    expect(states(view)).toEqual({ Web: "operational", Import: "operational" });
  });

  it("counts the services that a rollback stops as out, however light the trouble", () => {
    const incidents = [anIncident({ trigger: "slow-responses", tier: "fast" })];

    expect(states(seen({ incidents }))).toEqual({
      Web: "degraded_performance",
      Import: "operational",
    });
    expect(states(seen({ incidents, recoveries: [acting()] }))).toEqual({
      Web: "partial_outage",
      Import: "partial_outage",
    });
  });

  it("calls a restart no rollback", () => {
    const recovery = acting({ plan: aPlan({ scope: "service", target: null }) });

    const view = seen({ incidents: [anIncident()], recoveries: [recovery] });

    expect(JSON.stringify(view)).not.toContain("ROLLBACK");
    expect(view.incidents[0]?.phase).toBe("identified");
  });

  it.each([
    ["needs-human", "identified", "Our team"],
    ["cancelled", "investigating", "not carried out"],
  ] as const)("goes on after a recovery that ended with %s", (result, phase, words) => {
    const recoveries = [acting({ ended: { ...ended, result } })];

    const last = seen({ incidents: [anIncident()], recoveries }).incidents[0]?.updates.at(-1);

    expect(last).toMatchObject({ phase, text: expect.stringContaining(words) });
  });

  const hidden: readonly (readonly [string, Partial<Incident>])[] = [
    ["in shadow", { mode: "shadow" }],
    ["in mode off", { mode: "off" }],
    ["that can wait", { tier: "planned" }],
    ["that only a person saw", { reported: { by: "Ada", reason: "a hole" } }],
  ];

  it.each(hidden)("is not told of an incident %s, before a recovery begins", (_what, over) => {
    const incidents = [anIncident(over)];

    const before = seen({ incidents, recoveries: [acting({ attempts: [] })] });
    const after = seen({ incidents, recoveries: [acting()] });

    expect(before.incidents).toEqual([]);
    expect(states(before)).toEqual({ Web: "operational", Import: "operational" });
    expect(after.incidents).toHaveLength(1);
  });

  it("is under maintenance while people work, and hears nothing of what breaks meanwhile", () => {
    const maintenance = { by: "Ada", reason: "disk", at: NOON, until: NOON + DAY };
    const before = anIncident({ id: "inc-0", openedAt: NOON - 1 });

    const view = seen({ maintenance, incidents: [before, anIncident()] });

    expect(states(view)).toEqual({ Web: "under_maintenance", Import: "under_maintenance" });
    expect(view.incidents.map(({ id }) => id)).toEqual(["inc-0"]);
    expect(view.components.map((one) => one.stateByIncidents)).toEqual([
      "major_outage",
      "operational",
    ]);
  });

  it("forgets what was over 90 days ago, and shows the newest first", () => {
    const old = anIncident({ id: "inc-0", closed: { ...closed, at: NOON - 91 * DAY } });
    const incidents = [old, anIncident({ id: "inc-1", closed }), anIncident({ id: "inc-2" })];

    expect(seen({ incidents }).incidents.map(({ id }) => id)).toEqual(["inc-2", "inc-1"]);
  });

  it("holds nothing of what is inside, whatever the trigger", () => {
    const names = [
      "10.0.0.5",
      "Ada",
      "rel-good",
      "aaaa",
      "health",
      "secret",
      "security",
      "corrupt",
    ];
    const views = TRIGGERS.flatMap((trigger) =>
      MODES.map((mode) => {
        const reported = { by: "Ada", reason: "secret of 10.0.0.5" };
        const evidence = ["commit aaaa of 10.0.0.5"];
        const over = { trigger, mode, reported, evidence, closed: { ...closed, by: "Ada" } };
        const incidents = [anIncident({ ...over, cause: "release" })];
        return JSON.stringify(seen({ incidents, recoveries: [acting({ ended })] }));
      }),
    );

    expect(views.every((view) => view.includes("resolved"))).toBe(true);
    expect(names.filter((name) => views.some((view) => view.includes(name)))).toEqual([]);
  });
});
