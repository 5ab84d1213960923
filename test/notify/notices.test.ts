import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decide.ts";
import * as notices from "../../src/notify/notices.ts";
import { aPlan, aRecovery, anIncident, aService, aSituation, NOON } from "../support/builders.ts";

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

  it("of a recommendation name every guard that blocks", () => {
    const decision = decide(
      aSituation({ evidence: ["report"], work: [{ name: "importer", work: "unsafe" }] }),
    );

    const { text } = notices.recommended(NEWS, decision);

    expect(text).toContain(
      "Not done by itself: unsafe to stop in the middle of its work: importer; the breach rests on report alone.",
    );
  });

  it.each([
    ["auto", undefined],
    ["shadow", "tell"],
    ["off", "tell"],
  ] as const)("of a held breach in mode %s have the urgency %s of their own", (mode, urgency) => {
    const draft = notices.held(
      { ...NEWS, incident: anIncident({ mode }) },
      decide(aSituation({ lockHeld: false })),
    );

    expect(draft.urgency).toBe(urgency);
    expect(draft.text).toContain("another rollwatch holds the lock");
  });

  it("have the same key for the same fact whenever they are made, and another for every other", () => {
    const decision = decide(aSituation());
    const verification = { result: "proven" as const, at: NOON, checks: [] };
    const made = [NEWS, { ...NEWS, now: NOON + 999_000 }].map((news) => [
      notices.rollbackStarted(news, PLAN, null).dedupKey,
      notices.rollbackVerified(news, RECOVERY, verification).dedupKey,
      notices.rollbackVerified(news, RECOVERY, { ...verification, result: "unknown" }).dedupKey,
      notices.rollbackCancelled(news, PLAN, "it cleared").dedupKey,
      notices.needsHuman(news, RECOVERY, "no space").dedupKey,
      notices.recommended(news, decision).dedupKey,
      notices.held(news, decision).dedupKey,
      notices.recovered(news).dedupKey,
    ]);

    expect(made[0]).toEqual(made[1]);
    expect(new Set(made[0]).size).toBe(8);
    expect(made[0]?.[0]).toBe("inc-1:rollback-started:plan-1");
  });

  it("of a person's stop are told once per stop", () => {
    const first = notices.stoppedByPerson("radiation-health", [aService("api")]);
    const again = notices.stoppedByPerson("radiation-health", [
      aService("api", { uniqueId: "another start" }),
    ]);

    expect(first.title).toBe("radiation-health: a person stopped api");
    expect(first.dedupKey).not.toBe(again.dedupKey);
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
