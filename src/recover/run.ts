import { assertNever } from "../model/assert-never.ts";
import type { Entry, Fact } from "../model/facts.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { History, Recovery } from "../model/history.ts";
import type { Phase, Plan, StepDescriptor, StepOutcome } from "../model/plan.ts";
import { mayAttempt, nextStep, passedOver, switchedAt } from "./next-step.ts";
import type { RecoveryPorts } from "./ports.ts";
import { discardStaging } from "./staging.ts";
import { createStep, KnownStep } from "./steps/index.ts";

/** The part of the journal that a recovery needs; `record` returns when the fact is synced. */
export interface RecoveryJournal {
  history(): History;
  record(fact: Fact): Entry;
}

export interface RecoveryRun {
  /** Recorded as `planned` already. */
  readonly plan: Plan;
  readonly journal: RecoveryJournal;
  readonly ports: RecoveryPorts;
  /** Asked once before the first step that the application notices: whether the breach is still there. */
  readonly gate: () => Promise<"go" | { readonly cancel: string }>;
  /** Asked before every later step but a look: why nothing more may be done to what somebody else changes. Default: nobody does. */
  readonly whoElse?: () => Promise<string | undefined>;
  /** Gives up what was kept in reserve on the disk; false where there is nothing. Default: there is nothing. */
  readonly makeRoom?: () => boolean;
  /** The last phase to do in this call. */
  readonly until: Phase;
}

/** How far it came. Nothing of this is recorded here: the caller writes `recovery-ended`. */
export type RecoveryEnd =
  /** Every step up to the phase is done; `warnings` tells of optional ones that were not. */
  | { readonly kind: "phase-done"; readonly warnings: readonly string[] }
  /** Nothing was changed, and the staging is gone. */
  | { readonly kind: "cancelled"; readonly reason: string }
  | { readonly kind: "needs-human"; readonly reason: string }
  /** `signal` ended it; the same call goes on with it later. */
  | { readonly kind: "interrupted" };

/** One call of `runRecovery`. */
interface Attempt extends RecoveryRun {
  /** Steps begun in it, none of them twice: a journal that forgets must not make an effect repeat for ever. */
  readonly begun: Set<string>;
}

/**
 * Does a plan's steps in order, from wherever the journal says it stands: resuming after a crash is the same call.
 * Each step is announced before it begins, asked whether it is done already, run, and its outcome recorded.
 */
export async function runRecovery(run: RecoveryRun, signal: AbortSignal): Promise<RecoveryEnd> {
  const { plan, journal } = run;
  const before = recoveryOf(journal, plan);
  if (nextStep(before, run.until).kind === "phase-done") {
    return { kind: "phase-done", warnings: passedOver(before) };
  }
  if (!mayAttempt(before)) {
    return {
      kind: "needs-human",
      reason: `${before.attempts.length} attempts did not bring it to an end`,
    };
  }
  if (signal.aborted) {
    return { kind: "interrupted" };
  }
  journal.record({ kind: "recovery-started", plan: plan.id });
  const attempt: Attempt = { ...run, begun: new Set() };
  let end: RecoveryEnd | undefined;
  while (end === undefined) {
    end = signal.aborted ? { kind: "interrupted" } : await advance(attempt, signal);
  }
  return end;
}

/** One step further; the end when there is none. */
async function advance(run: Attempt, signal: AbortSignal): Promise<RecoveryEnd | undefined> {
  const recovery = recoveryOf(run.journal, run.plan);
  const next = nextStep(recovery, run.until);
  switch (next.kind) {
    case "run":
      return goOn(run, next.step, signal);
    case "gate":
      return passGate(run, next.step, signal);
    case "phase-done":
      return { kind: "phase-done", warnings: passedOver(recovery) };
    case "cancel":
      return cancel(run, next.reason);
    case "give-up":
      return { kind: "needs-human", reason: next.reason };
    default:
      return assertNever(next);
  }
}

/** What was prepared for may have been changed by somebody else's hand since the gate. */
async function goOn(
  run: Attempt,
  step: StepDescriptor,
  signal: AbortSignal,
): Promise<RecoveryEnd | undefined> {
  const other = step.phase === "prepare" ? undefined : await run.whoElse?.();
  if (signal.aborted) {
    return { kind: "interrupted" };
  }
  return other === undefined
    ? runStep(run, step, signal)
    : { kind: "needs-human", reason: `before ${step.id}: ${other}` };
}

async function passGate(
  run: Attempt,
  step: StepDescriptor,
  signal: AbortSignal,
): Promise<RecoveryEnd | undefined> {
  const answer = await askGate(run, signal);
  if (signal.aborted || answer === "interrupted") {
    return { kind: "interrupted" };
  }
  return answer === "go" ? runStep(run, step, signal) : cancel(run, answer.cancel);
}

/** A gate that is aborted says nothing; any other failure of it is the caller's. */
async function askGate(
  { gate }: RecoveryRun,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<RecoveryRun["gate"]>> | "interrupted"> {
  try {
    return await gate();
  } catch (error) {
    if (signal.aborted) {
      return "interrupted";
    }
    throw error;
  }
}

async function cancel({ ports, plan }: RecoveryRun, reason: string): Promise<RecoveryEnd> {
  try {
    await discardStaging(ports.files, ports.application.root, plan.id);
  } catch (error) {
    return { kind: "cancelled", reason: `${reason}; its staging stays: ${messageOf(error)}` };
  }
  return { kind: "cancelled", reason };
}

async function runStep(
  run: Attempt,
  step: StepDescriptor,
  signal: AbortSignal,
): Promise<RecoveryEnd | undefined> {
  const { journal, plan, begun } = run;
  if (begun.has(step.id)) {
    throw new Failure("internal", `the journal forgot what came of ${step.id}`, {
      hint: "This is a fault of rollwatch: report it with the journal.",
    });
  }
  begun.add(step.id);
  journal.record({ kind: "step-started", plan: plan.id, step: step.id });
  const outcome = await outcomeOf(run, step, signal);
  if (outcome === "interrupted") {
    return { kind: "interrupted" };
  }
  journal.record({ kind: "step-finished", plan: plan.id, step: step.id, outcome });
  return undefined;
}

/**
 * What came of it; what the application notices is tried twice. An abort in the middle says nothing about the step, so
 * nothing is recorded of it: the next attempt looks at the world.
 */
async function outcomeOf(
  run: RecoveryRun,
  step: StepDescriptor,
  signal: AbortSignal,
): Promise<StepOutcome | "interrupted"> {
  try {
    return await tryStep(run, step, signal);
  } catch (error) {
    if (signal.aborted) {
      return "interrupted";
    }
    if (!mayTryAgain(step, error)) {
      return { kind: "failed", detail: messageOf(error) };
    }
    if (isDiskFull(error)) {
      // The services may stand still: what was kept for the journal is for this, too.
      run.makeRoom?.();
    }
  }
  try {
    return await tryStep(run, step, signal);
  } catch (error) {
    const detail = `${messageOf(error)} (tried twice)`;
    return signal.aborted ? "interrupted" : { kind: "failed", detail };
  }
}

/** What only prepares is not worth it; a second try would begin beside what cannot be ended. */
function mayTryAgain({ phase }: StepDescriptor, error: unknown): boolean {
  const isStuck = error instanceof Failure && error.code === "child-stuck";
  return phase !== "prepare" && !isStuck;
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}

async function tryStep(
  { ports, plan, journal }: RecoveryRun,
  descriptor: StepDescriptor,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const known = KnownStep.parse(descriptor);
  const since = switchedAt(recoveryOf(journal, plan));
  const step = createStep(known, { ...ports, planId: plan.id, switchedAt: since });
  const deadline = ports.clock.deadline(known.deadlineMs, signal);
  if (await step.isDone(deadline)) {
    return { kind: "already-done", detail: step.describe() };
  }
  deadline.throwIfAborted();
  return { kind: "done", detail: await step.run(deadline) };
}

function recoveryOf(journal: RecoveryJournal, plan: Plan): Recovery {
  const recovery = journal.history().recoveries.find((one) => one.plan.id === plan.id);
  if (recovery === undefined) {
    throw new Failure("internal", `plan ${plan.id} is not in the journal`, {
      hint: "This is a fault of rollwatch: report it with the journal.",
    });
  }
  return recovery;
}
