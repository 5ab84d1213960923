import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Recovery, StepRecord } from "../../src/model/history.ts";
import { PHASES, type Phase, type StepDescriptor, type StepOutcome } from "../../src/model/plan.ts";
import { mayAttempt, nextStep, passedOver, switchedAt } from "../../src/recover/next-step.ts";
import { aPlan, NOON } from "../support/builders.ts";

const STEPS: readonly StepDescriptor[] = [
  { id: "stage", kind: "stage", phase: "prepare" },
  { id: "stop", kind: "stop-service", phase: "act" },
  { id: "switch", kind: "switch", phase: "act" },
  { id: "git", kind: "point-git", phase: "act", optional: true },
  { id: "start", kind: "start-service", phase: "act" },
  { id: "clean", kind: "clean-up", phase: "settle", optional: true },
];

function aRecovery(over: Partial<Recovery> = {}): Recovery {
  return {
    plan: aPlan({ steps: [...STEPS] }),
    plannedAt: NOON,
    attempts: [NOON],
    steps: [],
    ...over,
  };
}

function record(step: string, kind?: StepOutcome["kind"], startedAt = NOON + 1): StepRecord {
  return kind === undefined
    ? { step, attempt: 1, startedAt }
    : {
        step,
        attempt: 1,
        startedAt,
        finishedAt: startedAt + 1,
        outcome: { kind, detail: "detail" },
      };
}

function done(...steps: readonly string[]): readonly StepRecord[] {
  return steps.map((step) => record(step, "done"));
}

function tell(recovery: Recovery, until: Phase = "settle"): string {
  const next = nextStep(recovery, until);
  return "step" in next ? `${next.kind} ${next.step.id}` : next.kind;
}

describe("the next step", () => {
  it.each([
    // a fresh plan prepares
    { steps: [], until: "settle", next: "run stage" },
    // begun, and killed in it: again
    { steps: [record("stage")], until: "settle", next: "run stage" },
    // killed in it, then done: done
    { steps: [record("stage"), record("stage", "done")], until: "prepare", next: "phase-done" },
    {
      steps: [...done("stage"), record("stop"), record("stop", "done")],
      until: "act",
      next: "run switch",
    },
    // before the first effect the caller is asked
    { steps: done("stage"), until: "settle", next: "gate stop" },
    { steps: done("stage"), until: "prepare", next: "phase-done" },
    // after it was begun there is no way back, so nobody is asked
    { steps: [...done("stage"), record("stop")], until: "act", next: "run stop" },
    { steps: done("stage", "stop"), until: "act", next: "run switch" },
    { steps: [...done("stage"), record("stop", "already-done")], until: "act", next: "run switch" },
    // failures
    { steps: [record("stage", "failed")], until: "act", next: "cancel" },
    { steps: [...done("stage"), record("stop", "failed")], until: "act", next: "give-up" },
    // what is optional is passed over
    {
      steps: [...done("stage", "stop", "switch"), record("git", "failed")],
      until: "act",
      next: "run start",
    },
    // the end of a phase and of everything
    { steps: done("stage", "stop", "switch", "git", "start"), until: "act", next: "phase-done" },
    { steps: done("stage", "stop", "switch", "git", "start"), until: "settle", next: "run clean" },
    {
      steps: [...done("stage", "stop", "switch", "git", "start"), record("clean", "failed")],
      until: "settle",
      next: "phase-done",
    },
  ] as const)("after $steps.length steps until $until is $next", ({ steps, until, next }) => {
    expect(tell(aRecovery({ steps }), until)).toBe(next);
  });

  it("prepares anew in each attempt as long as nothing was changed", () => {
    const attempts = [NOON, NOON + 100];

    expect(tell(aRecovery({ attempts, steps: done("stage") }))).toBe("run stage");
    expect(tell(aRecovery({ attempts, steps: [record("stage", "failed")] }))).toBe("run stage");
    expect(tell(aRecovery({ attempts, steps: done("stage", "stop") }))).toBe("run switch");
  });

  it("tries again in the next attempt what was passed over, and never what was done", () => {
    const attempts = [NOON, NOON + 100];
    const failed = [...done("stage", "stop", "switch"), record("git", "failed"), ...done("start")];
    const mended = [...failed, { ...record("git", "done"), attempt: 2 }];
    const failedAgain = [...failed, { ...record("git", "failed"), attempt: 2 }];

    expect(tell(aRecovery({ attempts, steps: failed }))).toBe("run git");
    expect(tell(aRecovery({ attempts, steps: mended }))).toBe("run clean");
    expect(passedOver(aRecovery({ attempts, steps: mended }))).toEqual([]);
    expect(tell(aRecovery({ attempts, steps: failedAgain }))).toBe("run clean");
    const verification = { result: "proven", at: NOON + 50, checks: [] } as const;
    const proven = { attempts, steps: failed, verification: { ...verification, checks: [] } };
    expect(tell(aRecovery(proven))).toBe("run clean");
  });

  it("remembers what was prepared when the clock was set back since the attempt began", () => {
    const steps = [record("stage", "done", NOON - 3_600_000)];

    expect(tell(aRecovery({ steps }))).toBe("gate stop");
  });

  it("begins three attempts, and three more after the verification", () => {
    const verification = { result: "proven", at: NOON + 50, checks: [] } as const;
    const three = [NOON, NOON + 1, NOON + 2];
    const over = { verification: { ...verification, checks: [] }, attemptsVerified: 1 };

    expect(mayAttempt(aRecovery({ attempts: three.slice(1) }))).toBe(true);
    expect(mayAttempt(aRecovery({ attempts: three }))).toBe(false);
    expect(mayAttempt(aRecovery({ attempts: three, ...over }))).toBe(true);
  });

  it("knows when the old release was last there", () => {
    const steps = [
      record("stop", "done", NOON + 10),
      record("switch", "done", NOON + 20),
      record("start", "done", NOON + 30),
    ];

    expect(switchedAt(aRecovery({ steps }))).toBe(NOON + 21);
    expect(switchedAt(aRecovery())).toBe(NOON);
  });

  it("names the optional steps that were passed over", () => {
    const steps = [...done("stage"), record("git", "failed"), record("start", "failed")];

    expect(passedOver(aRecovery({ steps }))).toEqual(["git: detail"]);
  });

  it("follows the plan's order, gates once and ends, whatever fails and wherever it stops", () => {
    const outcomes = fc.array(fc.constantFrom("done", "already-done", "failed", "killed"), {
      minLength: 40,
      maxLength: 40,
    });

    fc.assert(
      fc.property(outcomes, fc.constantFrom(...PHASES), (fates, until) => {
        const { ran, gates, last } = play(fates, until);

        expect(ran).toEqual(ran.toSorted((a, b) => indexOf(a) - indexOf(b)));
        expect(gates).toBeLessThanOrEqual(1);
        expect(["phase-done", "cancel", "give-up", "out-of-fates"]).toContain(last);
        const beyond = ran.filter((id) => phaseIndex(id) > PHASES.indexOf(until));
        expect(beyond).toEqual([]);
        expect(last === "cancel" && ran.some((id) => phaseIndex(id) > 0)).toBe(false);
      }),
    );
  });
});

function indexOf(id: string): number {
  return STEPS.findIndex((step) => step.id === id);
}

function phaseIndex(id: string): number {
  return PHASES.indexOf(STEPS[indexOf(id)]?.phase ?? "settle");
}

/** Plays one attempt; a `killed` step has no outcome and is met again. */
function play(
  fates: readonly (StepOutcome["kind"] | "killed")[],
  until: Phase,
): { readonly ran: readonly string[]; readonly gates: number; readonly last: string } {
  const records: StepRecord[] = [];
  const ran: string[] = [];
  let gates = 0;
  for (const fate of fates) {
    const next = nextStep(aRecovery({ steps: records }), until);
    if (next.kind !== "run" && next.kind !== "gate") {
      return { ran, gates, last: next.kind };
    }
    gates += next.kind === "gate" ? 1 : 0;
    ran.push(next.step.id);
    records.push(record(next.step.id, fate === "killed" ? undefined : fate));
  }
  return { ran, gates, last: "out-of-fates" };
}
