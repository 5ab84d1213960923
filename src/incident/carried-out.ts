import type { Approval, Recovery, StepRecord } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import type { Verification } from "../model/verification.ts";
import { stepText } from "./timeline.ts";

/** What a step said of itself, in characters at most; the whole stands in the journal. */
const MOST_DETAIL = 600;

/** A step that was begun; one that was begun twice stands here twice. */
export interface CarriedOutStep extends Pick<StepRecord, "startedAt"> {
  readonly id: string;
  readonly text: string;
  /** Changes something that the application notices, or does not. */
  readonly phase: Plan["steps"][number]["phase"] | "unknown";
  readonly finishedAt: number | null;
  /** `not-known` where rollwatch ended in the middle of it, or is still at it. */
  readonly outcome: "done" | "already-done" | "failed" | "not-known";
  /** An excerpt of what it said of itself. */
  readonly detail: string;
}

/** A plan with everything that was done for it, and by whose authority. */
export interface CarriedOut extends Pick<Plan, "scope" | "target" | "requestedBy" | "deadline"> {
  readonly plan: string;
  readonly plannedAt: number;
  readonly stepsTotal: number;
  readonly attempts: readonly number[];
  readonly steps: readonly CarriedOutStep[];
  /** null for a plan that rollwatch may do by itself. */
  readonly approval: Omit<Approval, "hash"> | null;
  readonly verification: Verification | null;
  readonly ended: NonNullable<Recovery["ended"]> | null;
}

/** A recovery as it is reported. */
export function carriedOut(recovery: Recovery): CarriedOut {
  const { plan, plannedAt, attempts, steps, approval, verification, ended } = recovery;
  const { scope, target, requestedBy, deadline } = plan;
  return {
    plan: plan.id,
    scope,
    target,
    requestedBy,
    deadline,
    plannedAt,
    stepsTotal: plan.steps.length,
    attempts,
    steps: steps.map((one) => stepOf(plan, one)),
    approval: approval === undefined ? null : withoutHash(approval),
    verification: verification ?? null,
    ended: ended ?? null,
  };
}

function stepOf(plan: Plan, { step, startedAt, finishedAt, outcome }: StepRecord): CarriedOutStep {
  return {
    id: step,
    text: stepText(plan, step),
    phase: plan.steps.find(({ id }) => id === step)?.phase ?? "unknown",
    startedAt,
    finishedAt: finishedAt ?? null,
    outcome: outcome?.kind ?? "not-known",
    detail: excerpt(outcome?.detail ?? ""),
  };
}

/** No character is cut in two. */
function excerpt(detail: string): string {
  return detail.length <= MOST_DETAIL
    ? detail
    : `${detail.slice(0, MOST_DETAIL).replace(/[\uD800-\uDBFF]$/u, "")} […]`;
}

function withoutHash({ hash: _hash, ...approval }: Approval): Omit<Approval, "hash"> {
  return approval;
}
