/** What facts about plans and their steps do to the history. */

import type { Fact } from "../model/facts.ts";
import type { History, Recovery, StepRecord } from "../model/history.ts";
import { keepLastFinished } from "./keep.ts";

/** Ended recoveries that are remembered. */
const MAX_ENDED = 100;

type FactOf<K extends Fact["kind"]> = Extract<Fact, { kind: K }>;

export function planned(history: History, { plan, waits }: FactOf<"planned">, at: number): History {
  const waiting = waits === undefined ? {} : { waits };
  const recovery: Recovery = { plan, plannedAt: at, ...waiting, attempts: [], steps: [] };
  return { ...history, recoveries: [...history.recoveries, recovery] };
}

export function approvalAsked(
  history: History,
  { plan, kind: _kind, ...asked }: FactOf<"approval-asked">,
  at: number,
): History {
  return change(history, plan, (recovery) => ({
    ...recovery,
    approval: { ...asked, askedAt: at, given: [] },
  }));
}

export function approved(history: History, fact: FactOf<"approved">, at: number): History {
  const { by, role, override } = fact;
  const answer = { by, role, at, ...(override === undefined ? {} : { override }) };
  return change(history, fact.plan, ({ approval, ...recovery }) =>
    approval === undefined
      ? recovery
      : { ...recovery, approval: { ...approval, given: [...approval.given, answer] } },
  );
}

export function countdownOver(
  history: History,
  { plan }: FactOf<"countdown-over">,
  at: number,
): History {
  return change(history, plan, ({ approval, ...recovery }) =>
    approval === undefined ? recovery : { ...recovery, approval: { ...approval, unopposedAt: at } },
  );
}

export function rejected(history: History, fact: FactOf<"rejected">, at: number): History {
  const { by, reason } = fact;
  return change(history, fact.plan, ({ approval, ...recovery }) =>
    approval === undefined
      ? recovery
      : { ...recovery, approval: { ...approval, rejected: { by, reason, at } } },
  );
}

export function started(history: History, fact: FactOf<"recovery-started">, at: number): History {
  return change(history, fact.plan, (recovery) => ({
    ...recovery,
    attempts: [...recovery.attempts, at],
  }));
}

/** Each beginning is a record of its own: how often a step failed, and where a crash was, stays countable. */
export function stepStarted(history: History, fact: FactOf<"step-started">, at: number): History {
  return change(history, fact.plan, (recovery) => ({
    ...recovery,
    steps: [...recovery.steps, beginning(recovery, fact.step, at)],
  }));
}

function beginning({ attempts }: Recovery, step: string, at: number): StepRecord {
  return { step, attempt: attempts.length, startedAt: at };
}

export function stepFinished(history: History, fact: FactOf<"step-finished">, at: number): History {
  const { step, outcome } = fact;
  return change(history, fact.plan, (recovery) => {
    const begun = recovery.steps.findLastIndex((one) => one.step === step);
    const finished = { finishedAt: at, outcome };
    const steps = recovery.steps.map((one, index) =>
      index === begun ? { ...one, ...finished } : one,
    );
    return {
      ...recovery,
      steps: begun === -1 ? [...steps, { ...beginning(recovery, step, at), ...finished }] : steps,
    };
  });
}

export function verified(history: History, fact: FactOf<"verified">): History {
  const { verification } = fact;
  return change(history, fact.plan, (recovery) => ({
    ...recovery,
    verification,
    attemptsVerified: recovery.attempts.length,
  }));
}

export function ended(history: History, fact: FactOf<"recovery-ended">, at: number): History {
  const { result, reason } = fact;
  const changed = change(history, fact.plan, (recovery) => ({
    ...recovery,
    ended: { at, result, reason },
  }));
  const recoveries = keepLastFinished(
    MAX_ENDED,
    changed.recoveries,
    (recovery) => recovery.ended !== undefined,
  );
  return { ...changed, recoveries };
}

function change(history: History, plan: string, to: (recovery: Recovery) => Recovery): History {
  return {
    ...history,
    recoveries: history.recoveries.map((one) => (one.plan.id === plan ? to(one) : one)),
  };
}
