import { describe, expect, it } from "vitest";
import { afterActionOf, type AfterAction } from "../../src/incident/after-action.ts";
import { OUTLINES, PARTS } from "../../src/incident/outlines.ts";
import { HEADINGS } from "../../src/model/after-action.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { anEnding, aNotice, anOpening, aPlan, aProof, NOON } from "../support/builders.ts";

/** Facts a second apart, from noon. */
function entries(...facts: readonly Fact[]): readonly Entry[] {
  return facts.map((fact, index) => ({ seq: index + 1, at: NOON + index * 1000, fact }));
}

function reportOf(facts: readonly Fact[], id = "inc-1"): AfterAction | undefined {
  return afterActionOf({
    application: "app",
    entries: entries(...facts),
    id,
    samples: [],
    scales: [],
    now: NOON + 600_000,
  });
}

const PLANNED: Fact = {
  kind: "planned",
  plan: aPlan({
    steps: [{ id: "stop:api", kind: "stop-service", phase: "act", text: "stop api" }],
  }),
};
const STEP: readonly Fact[] = [
  { kind: "recovery-started", plan: "plan-1" },
  { kind: "step-started", plan: "plan-1", step: "stop:api" },
  {
    kind: "step-finished",
    plan: "plan-1",
    step: "stop:api",
    outcome: { kind: "done", detail: "stopped" },
  },
];

describe("the report of an incident", () => {
  it("is none where the journal has no such incident", () => {
    expect(reportOf([anOpening("inc-2")])).toBeUndefined();
  });

  it("tells nothing of other incidents, their plans, notes and notices", () => {
    const other: readonly Fact[] = [
      anOpening("inc-2"),
      { kind: "noted", incident: "inc-2", by: "Bob", text: "other" },
      { kind: "planned", plan: aPlan({ id: "plan-2", incident: "inc-2" }) },
      { kind: "recovery-started", plan: "plan-2" },
      { kind: "notice-queued", notice: aNotice({ id: "ntc-2", incident: "inc-2" }) },
      { kind: "notice-delivered", notice: "ntc-2", channel: "test" },
    ];

    expect(reportOf([anOpening(), ...other])).toEqual(reportOf([anOpening()]));
  });

  it("measures each moment from the one before it, and against the tier's budget", () => {
    const report = reportOf([anOpening(), PLANNED, ...STEP, aProof("plan-1")]);

    expect(report?.milestones).toEqual([
      { name: "detected", at: NOON, tookMs: 0, sinceStartMs: 0, budgetRatio: 0 },
      { name: "decided", at: NOON + 1000, tookMs: 1000, sinceStartMs: 1000, budgetRatio: 1 / 300 },
      { name: "acted", at: NOON + 3000, tookMs: 2000, sinceStartMs: 3000, budgetRatio: 0.01 },
      { name: "restored", at: NOON + 4000, tookMs: 1000, sinceStartMs: 4000, budgetRatio: 4 / 300 },
      { name: "verified", at: NOON, tookMs: -4000, sinceStartMs: 0, budgetRatio: 0 },
    ]);
  });

  it("has decided when it chose to act, not when it waited for the right moment; unless it never did", () => {
    const decisions = (["watch", "hold", "roll-back"] as const).map((kind, index): Fact => ({
      kind: "decided",
      incident: "inc-1",
      decision: { kind, at: NOON + index * 1000, reason: "so", guards: [], target: null },
    }));

    const acted = reportOf([anOpening(), ...decisions]);
    const held = reportOf([anOpening(), ...decisions.slice(0, 2)]);

    expect(acted?.milestones[1]).toMatchObject({ name: "decided", at: NOON + 2000 });
    expect(held?.milestones[1]).toMatchObject({ name: "decided", at: NOON + 1000 });
  });

  it("has no moment that was not reached", () => {
    const report = reportOf([anOpening()]);

    expect(report?.milestones.map(({ at }) => at)).toEqual([NOON, null, null, null, null]);
    expect(report?.impact.durationMs).toBeNull();
    expect(report?.tasks.every(({ dueAt }) => dueAt === null)).toBe(true);
  });

  it("counts the tasks' 2, 24 and 48 hours from the end of the rollback", () => {
    const report = reportOf([anOpening(), PLANNED, ...STEP, ...anEnding("plan-1", "completed")]);

    const ended = NOON + 6000;
    expect(new Set(report?.tasks.map(({ dueAt }) => (dueAt ?? 0) - ended))).toEqual(
      new Set([2 * 3_600_000, 24 * 3_600_000, 48 * 3_600_000]),
    );
  });

  it("says of each notice and channel whether it arrived, and how often it did not", () => {
    const notice = aNotice({ channels: ["mail", "slack", "log"] });
    const failure = { notice: "ntc-1", reason: "timeout", detail: "no answer" } as const;

    const report = reportOf([
      anOpening(),
      { kind: "notice-queued", notice },
      { kind: "notice-failed", ...failure, channel: "mail", retryAt: NOON + 9000 },
      { kind: "notice-delivered", notice: "ntc-1", channel: "mail" },
      { kind: "notice-failed", ...failure, channel: "slack", retryAt: null },
    ]);

    const failures = ["timeout: no answer"];
    expect(report?.notices[0]?.deliveries).toEqual([
      { channel: "mail", outcome: "delivered", at: NOON + 3000, failures },
      { channel: "slack", outcome: "given-up", at: NOON + 4000, failures },
      { channel: "log", outcome: "waiting", at: null, failures: [] },
    ]);
  });

  it("names everybody who had a part, once", () => {
    const report = reportOf([
      anOpening(),
      { kind: "acknowledged", incident: "inc-1", by: "Ada" },
      { kind: "noted", incident: "inc-1", by: "Bob", text: "one" },
      { kind: "noted", incident: "inc-1", by: "Bob", text: "two" },
      { kind: "noted", incident: "inc-1", by: "rollwatch", text: "three" },
      { kind: "closed", incident: "inc-1", outcome: "held", reason: "by hand", by: "Ada" },
    ]);

    expect(report?.people).toEqual([
      { name: "Ada", parts: ["looked after it", "closed it"] },
      { name: "Bob", parts: ["wrote notes"] },
    ]);
  });

  it("states what is unknown instead of leaving it out", () => {
    const report = reportOf([anOpening(), PLANNED, ...STEP.slice(0, 2)]);

    const unknowns = report?.unknowns.join("\n");
    expect(unknowns).toContain("Cause: unknown");
    expect(unknowns).toContain("how many people were affected is unknown");
    expect(unknowns).toContain("how many failed is unknown");
    expect(unknowns).toContain('Step "stop api"');
  });

  it("tells what database steps said of themselves, and of other plans that they touch no data", () => {
    const step = {
      id: "swap",
      kind: "swap-database",
      phase: "act",
      text: "swap databases",
    } as const;
    const plan = aPlan({ scope: "database", steps: [step] });

    const report = reportOf([
      anOpening(),
      { kind: "planned", plan },
      { kind: "step-started", plan: "plan-1", step: "swap" },
      {
        kind: "step-finished",
        plan: "plan-1",
        step: "swap",
        outcome: { kind: "done", detail: "3 rows kept" },
      },
      { kind: "notice-queued", notice: aNotice({ reason: "rows-kept", title: "3 rows differ" }) },
    ]);

    expect(report?.impact.database).toEqual(["swap databases: done, 3 rows kept", "3 rows differ"]);
    const [backup] = report?.checklists[0]?.items ?? [];
    expect(backup).toMatchObject({ id: "backup-database", done: { by: "rollwatch" } });
    expect(reportOf([anOpening(), PLANNED, ...STEP])?.impact.database).toEqual([]);
  });
});

describe("the headings of a report", () => {
  it.each(HEADINGS)("of %s have every part exactly once", (headings) => {
    const parts = OUTLINES[headings].flatMap((section) => section.parts);

    expect(parts.toSorted()).toEqual(PARTS.toSorted());
  });
});
