import { hasActed, type Recovery, type StepRecord } from "../model/history.ts";
import { PHASES, type Phase, type StepDescriptor } from "../model/plan.ts";

/** What a recovery does next. */
export type Next =
  | { readonly kind: "run"; readonly step: StepDescriptor }
  /** Before the first step that the application notices: ask whether the breach is still there, then run `step`. */
  | { readonly kind: "gate"; readonly step: StepDescriptor }
  | { readonly kind: "phase-done" }
  /** A preparation failed: nothing was changed, so it can end as if it had never begun. */
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "give-up"; readonly reason: string };

const MAX_ATTEMPTS = 3;

/**
 * The next step of a recovery up to and including the phase `until`. Preparations count only in the attempt that made them
 * (a cancelled attempt took its staging away); once an `act` step has begun the only way is forward.
 */
export function nextStep(recovery: Recovery, until: Phase): Next {
  const limit = PHASES.indexOf(until);
  const isForward = hasActed(recovery);
  for (const step of recovery.plan.steps) {
    const records = recordsOf(recovery, step, isForward);
    if (records.some(isSuccess) || isPassedOver(recovery, step)) {
      continue;
    }
    if (PHASES.indexOf(step.phase) > limit) {
      return { kind: "phase-done" };
    }
    const failure = step.optional === true ? undefined : failureOf(records);
    return failure === undefined ? proceed(step, isForward) : giveUp(step, failure);
  }
  return { kind: "phase-done" };
}

/**
 * Whether an optional step failed in the newest attempt: the next one tries it again, its disk may have room or its lock be gone. Nothing
 * is done to what is verified.
 */
function isPassedOver(
  { attempts, steps, verification }: Recovery,
  { id, optional, phase }: StepDescriptor,
): boolean {
  const isFinal = verification !== undefined && phase === "act";
  return (
    optional === true &&
    steps.some(
      ({ step, outcome, attempt = 1 }) =>
        step === id && outcome?.kind === "failed" && (isFinal || attempt === attempts.length),
    )
  );
}

/** Whether another attempt may begin: after three without an end, or three since the verification, a person must look. */
export function mayAttempt(recovery: Recovery): boolean {
  return recovery.attempts.length - (recovery.attemptsVerified ?? 0) < MAX_ATTEMPTS;
}

/** The latest moment at which the old release was stopped or switched away; before any of that, the latest attempt's beginning. */
export function switchedAt(recovery: Recovery): number {
  const ids = new Set(
    recovery.plan.steps
      .filter(({ kind }) => kind === "stop-service" || kind === "switch")
      .map(({ id }) => id),
  );
  const ends = recovery.steps
    .filter((record) => ids.has(record.step) && isSuccess(record))
    .map((record) => record.finishedAt ?? record.startedAt);
  return ends.length > 0 ? Math.max(...ends) : (recovery.attempts[0] ?? recovery.plannedAt);
}

/** The optional steps that were passed over, with why; people are told. */
export function passedOver(recovery: Recovery): readonly string[] {
  return recovery.plan.steps.flatMap((step) => {
    const records = recordsOf(recovery, step, true);
    const failure = failureOf(records);
    const isMissing = step.optional === true && !records.some(isSuccess);
    return isMissing && failure !== undefined ? [`${step.id}: ${failure}`] : [];
  });
}

function proceed(step: StepDescriptor, isForward: boolean): Next {
  return { kind: step.phase === "act" && !isForward ? "gate" : "run", step };
}

function giveUp(step: StepDescriptor, failure: string): Next {
  const reason = `${step.id}: ${failure}`;
  return { kind: step.phase === "prepare" ? "cancel" : "give-up", reason };
}

/** Every beginning of the step that counts; one that a crash or an abort cut off is among them, without an outcome. */
function recordsOf(
  recovery: Recovery,
  step: StepDescriptor,
  isForward: boolean,
): readonly StepRecord[] {
  const first = step.phase === "prepare" && !isForward ? recovery.attempts.length : 0;
  return recovery.steps.filter(
    (record) => record.step === step.id && (record.attempt ?? 1) >= first,
  );
}

/** Why the step failed, as its newest outcome says. */
function failureOf(records: readonly StepRecord[]): string | undefined {
  const outcome = records.findLast((record) => record.outcome !== undefined)?.outcome;
  return outcome?.kind === "failed" ? outcome.detail : undefined;
}

function isSuccess(record: StepRecord): boolean {
  return record.outcome?.kind === "done" || record.outcome?.kind === "already-done";
}
