import { describe, expect, it } from "vitest";
import { TRIGGERS } from "../../src/model/trigger.ts";
import * as notices from "../../src/notify/notices.ts";
import { aPlan, aRecovery, anIncident, NOON } from "../support/builders.ts";

const NEWS = { application: "radiation-health", incident: anIncident(), now: NOON + 65_000 };
const PLAN = aPlan({ steps: [{ id: "switch:server", kind: "switch", phase: "act" }] });
const RECOVERY = aRecovery(NOON + 60_000, {
  plan: PLAN,
  steps: [
    {
      step: "switch:server",
      attempt: 1,
      startedAt: NOON,
      finishedAt: NOON,
      outcome: { kind: "failed", detail: "no space" },
    },
  ],
});
const RESTART = aPlan({
  id: "plan-2",
  scope: "service",
  target: null,
  steps: [
    { id: "restart-service:api", kind: "restart-service", phase: "act", service: "api" },
    { id: "restart-service:importer", kind: "restart-service", phase: "act", service: "importer" },
  ],
});
const RESTARTED = aRecovery(NOON + 60_000, { plan: RESTART });
const CHECKS = [
  { name: "pid", passed: true, detail: "new" },
  { name: "signal health", passed: false, detail: "breach: refused" },
];

describe("notices", () => {
  it("of a rollback say what, since when, why, what is done, what is next, until when, and the budget", () => {
    const { title, text } = notices.rollbackStarted(NEWS, PLAN, 12_000);

    expect(title).toBe("radiation-health is down: rolling back to rel-good");
    expect(text.split("\n")).toEqual([
      "What: system-down by health, since 2026-11-22 12:00:00 UTC (1 min 5 s ago). Incident inc-1.",
      "Likely cause: release.",
      "- changed 3.0 s before the first bad sample: commit aaaa -> bbbb",
      "Being done: the application goes back to rel-good (plan plan-1, 1 steps, asked for by policy).",
      "Expected completion: in 12.0 s, from earlier rollbacks; the budget ends at 2026-11-22 12:05:00 UTC.",
      "Next: the result is checked. The next message says whether it is proven healthy, or that a person is needed.",
      "Budget used: 1 min 5 s of 5 min (tier immediate).",
    ]);
  });

  it("do not invent an expected completion", () => {
    expect(notices.rollbackStarted(NEWS, PLAN, null).text).toContain(
      "Expected completion: not measured yet;",
    );
  });

  it("of a proven rollback say so", () => {
    const verification = {
      result: "proven" as const,
      at: NOON + 60_000,
      checks: CHECKS.slice(0, 1),
    };

    const draft = notices.rollbackVerified(NEWS, RECOVERY, verification);

    expect(draft).toMatchObject({
      reason: "rollback-verified",
      title: "radiation-health is healthy again on rel-good",
    });
    expect(draft.text).toContain("all 1 checks passed at 2026-11-22 12:01:00 UTC");
  });

  it("of a proven rollback say when deployment may be tried again, and what to learn", () => {
    const verification = { result: "proven" as const, at: NOON + 60_000, checks: [] };

    const { text } = notices.rollbackVerified(NEWS, RECOVERY, verification, {
      cooldownMs: 3_600_000,
    });

    expect(text).toContain(
      "Deployment: what was replaced (bbbbbbbbbb) must not be deployed again as it is. A mended version may be deployed; best after 2026-11-22 13:01:05 UTC,",
    );
    expect(text).toContain("To learn: why nothing before the deployment found it");
  });

  it("of a restart that helped say nothing about deploying again: nothing was taken back", () => {
    const verification = { result: "proven" as const, at: NOON + 60_000, checks: [] };

    const { text } = notices.rollbackVerified(NEWS, RESTARTED, verification);

    expect(text).not.toContain("Deployment:");
  });

  it("of a proven rollback list what was noticed and not held against it", () => {
    const told = {
      name: "memory of api",
      passed: false,
      detail: "900 MiB",
      weight: "tell",
    } as const;
    const checks = [...CHECKS.slice(0, 1), told];
    const verification = { result: "proven" as const, at: NOON + 60_000, checks };

    const { text } = notices.rollbackVerified(NEWS, RECOVERY, verification);

    expect(text).toContain("Proof: 1 of 2 checks passed at 2026-11-22 12:01:00 UTC.");
    expect(text).toContain("- noticed, not held against it: memory of api (900 MiB)");
  });

  it.each(["not-proven", "unknown"] as const)(
    "of a rollback that is %s name what failed",
    (result) => {
      const draft = notices.rollbackVerified(NEWS, RECOVERY, { result, at: NOON, checks: CHECKS });

      expect(draft.reason).toBe("rollback-unverified");
      expect(draft.title).toContain(result);
      expect(draft.text).toContain("Not proven: signal health (breach: refused).");
    },
  );

  it("that need a person say where it stopped", () => {
    const { text } = notices.needsHuman(NEWS, RECOVERY, "three attempts failed");

    expect(text).toContain(
      "Given up: three attempts failed. 0 of 1 steps are done. It stopped at switch:server: no space.",
    );
  });

  it("of a restart name the services and promise no release", () => {
    const { reason, title, text } = notices.rollbackStarted(NEWS, RESTART, 12_000);

    expect([reason, title]).toEqual([
      "restart-started",
      "radiation-health is down: restarting api, importer",
    ]);
    expect(text).toContain("Being done: restarting api, importer (plan plan-2, 2 steps");
    expect(text).toContain("Its time ends at 2026-11-22 12:05:00 UTC.");
    expect(text).not.toMatch(/null|rel-|going back|rollback/u);
  });

  it("of a restart that cured it say that it can come back", () => {
    const verification = { result: "proven" as const, at: NOON, checks: CHECKS.slice(0, 1) };

    const draft = notices.rollbackVerified(NEWS, RESTARTED, verification);

    expect(draft).toMatchObject({
      reason: "serviced",
      title: "radiation-health is healthy again after restarting api, importer",
    });
    expect(draft.text).toContain("nothing was changed, so it can come back");
  });

  it("of a restart that did not help call for a person", () => {
    const draft = notices.rollbackVerified(NEWS, RESTARTED, {
      result: "not-proven",
      at: NOON,
      checks: CHECKS,
    });

    expect(draft).toMatchObject({
      reason: "restart-unhelpful",
      title: "radiation-health: restarted api, importer, but health is not-proven",
    });
    expect(draft.text).toContain("a person must look now. The restart did not cure it");
  });

  it("of a restart that was cancelled, or that needs a person, speak of no rollback", () => {
    const cancelled = notices.rollbackCancelled(NEWS, RESTART, "the breach cleared");
    const stuck = notices.needsHuman(NEWS, RESTARTED, "tried twice");

    expect(cancelled).toMatchObject({
      reason: "restart-cancelled",
      title: "radiation-health: restart of api, importer cancelled, nothing was changed",
    });
    expect(stuck.title).toBe("radiation-health: the restart of api, importer needs a person now");
  });

  it("call each trigger's trouble by its own words", () => {
    const titles = TRIGGERS.map(
      (trigger) =>
        notices.rollbackStarted({ ...NEWS, incident: anIncident({ trigger }) }, PLAN, null).title,
    );

    expect(new Set(titles).size).toBe(TRIGGERS.length);
    expect(titles.filter((title) => title.includes("is down"))).toHaveLength(1);
    expect(titles).toContain("radiation-health answers too slowly: rolling back to rel-good");
  });

  it("have the same key for the same fact whenever they are made, and another for every other", () => {
    const verification = { result: "proven" as const, at: NOON, checks: [] };
    const made = [NEWS, { ...NEWS, now: NOON + 999_000 }].map((news) => [
      notices.rollbackStarted(news, PLAN, null).dedupKey,
      notices.rollbackVerified(news, RECOVERY, verification).dedupKey,
      notices.rollbackVerified(news, RECOVERY, { ...verification, result: "unknown" }).dedupKey,
      notices.rollbackCancelled(news, PLAN, "it cleared").dedupKey,
      notices.needsHuman(news, RECOVERY, "no space").dedupKey,
      notices.rollbackStarted(news, RESTART, null).dedupKey,
      notices.rollbackVerified(news, RESTARTED, verification).dedupKey,
      notices.rollbackVerified(news, RESTARTED, { ...verification, result: "unknown" }).dedupKey,
      notices.rollbackCancelled(news, RESTART, "it cleared").dedupKey,
      notices.recovered(news).dedupKey,
    ]);

    expect(made[0]).toEqual(made[1]);
    expect(new Set(made[0]).size).toBe(10);
    expect(made[0]?.[0]).toBe("inc-1:rollback-started:plan-1");
  });

  it("of a proven release name its tag", () => {
    const release = {
      id: "rel-1",
      identity: {},
      tag: "pre-deployment-x",
      capturedAt: 1,
      provenAt: NOON,
    };

    const draft = notices.releaseProven("radiation-health", release);

    expect(draft).toMatchObject({
      reason: "release-proven",
      dedupKey: "none:release-proven:rel-1",
    });
    expect(draft.text).toContain("tagged pre-deployment-x");
  });
});
