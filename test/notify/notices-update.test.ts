import { describe, expect, it } from "vitest";
import { statusUpdate } from "../../src/notify/notices-update.ts";
import { aPlan, aRecovery, aSignal, anIncident, NOON } from "../support/builders.ts";

const NEWS = { application: "radiation-health", incident: anIncident(), now: NOON + 900_000 };
const STANDING = { signals: [aSignal()], expectedMs: null, after: NOON, everyMs: 900_000 };
const PLAN = aPlan({
  steps: [
    { id: "stage:server", kind: "stage", phase: "prepare" },
    { id: "switch:server", kind: "switch", phase: "act", text: "put server back" },
    { id: "resume:importer", kind: "start", phase: "settle" },
  ],
});
const { ended: _over, ...RUNNING } = aRecovery(NOON + 20_000, {
  plan: PLAN,
  steps: [
    {
      step: "stage:server",
      startedAt: NOON,
      finishedAt: NOON,
      outcome: { kind: "done", detail: "staged" },
    },
  ],
});

describe("a status update", () => {
  it("says how far a rollback is, when it should be over, how the signals are, and when the next message comes", () => {
    const signals = [aSignal(), aSignal({ name: "api", state: "breach", reason: "HTTP 500" })];

    const { title, text } = statusUpdate(NEWS, {
      ...STANDING,
      recovery: RUNNING,
      signals,
      expectedMs: 30_000,
    });

    expect(title).toBe("radiation-health is down: status update");
    expect(text.split("\n").slice(3)).toEqual([
      "Progress: rolling back to rel-good, 1 of 3 steps are done, now put server back. Expected completion: 2026-11-22 12:00:30 UTC, 30.0 s from its beginning as the last time.",
      "Next: the result is checked, and told.",
      "Health: 1 of 2 signals are ok; api is breach (HTTP 500).",
      "Next message: at 2026-11-22 12:30:00 UTC, or as soon as something happens.",
      "Budget used: 15 min of 5 min (tier immediate).",
    ]);
  });

  it("says that the result is checked once every step is done", () => {
    const steps = PLAN.steps.map(({ id }) => ({
      step: id,
      startedAt: NOON,
      outcome: { kind: "done", detail: "" } as const,
    }));

    const { text } = statusUpdate(NEWS, { ...STANDING, recovery: { ...RUNNING, steps } });

    expect(text).toContain("3 of 3 steps are done, its result is being checked");
    expect(text).toContain("Expected completion: not measured yet;");
  });

  it.each([
    ["nothing is being done", undefined],
    ["was given up: stuck", { at: NOON, result: "needs-human", reason: "stuck" }],
    [
      "plan-1, rolling back to rel-good, was cancelled: it cleared",
      { at: NOON, result: "cancelled", reason: "it cleared" },
    ],
    ["is done: proven", { at: NOON, result: "completed", reason: "proven" }],
  ] as const)("says that %s", (words, ended) => {
    const recovery = ended === undefined ? {} : { recovery: { ...RUNNING, ended } };

    const { text } = statusUpdate(NEWS, { ...STANDING, ...recovery });

    expect(text).toContain(words);
    expect(text).toContain("Health: all 1 signals are ok.");
  });

  it("says who is waited for, and until when", () => {
    const approval = {
      hash: "",
      roles: ["system-administrator"] as const,
      everyRole: false,
      askedAt: NOON,
      expiresAt: NOON + 1_800_000,
      given: [],
    };
    const recovery = { ...RUNNING, attempts: [], steps: [], approval };

    const { text } = statusUpdate(NEWS, { ...STANDING, recovery });

    expect(text).toContain("waits for approval until 2026-11-22 12:30:00 UTC.");
    expect(text).toContain("`rollwatch approve plan-1`");
  });

  it("is the same fact after a crash, and another one when people have heard something since", () => {
    const first = statusUpdate(NEWS, STANDING);
    const again = statusUpdate({ ...NEWS, now: NEWS.now + 5000 }, STANDING);
    const later = statusUpdate(NEWS, { ...STANDING, after: NOON + 1 });

    expect(again.dedupKey).toBe(first.dedupKey);
    expect(later.dedupKey).not.toBe(first.dedupKey);
  });
});
