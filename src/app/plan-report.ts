import type { PlanReport } from "../model/actions.ts";
import { isApproved, type Approval, type Recovery } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import { planHash } from "./plan-hash.ts";

/** A plan as people look at it before they decide, and afterwards. */
export function reportPlan(recovery: Recovery): PlanReport {
  const { plan, approval, ended } = recovery;
  return {
    ...reportSteps(plan),
    id: plan.id,
    incident: plan.incident,
    requestedBy: plan.requestedBy,
    createdAt: plan.createdAt,
    deadline: plan.deadline,
    hash: planHash(plan),
    approval: approval === undefined ? null : reportApproval(approval),
    state: stateOf(recovery),
    ended: ended ?? null,
  };
}

/** What a plan would do, in lines for people. */
export function reportSteps(
  plan: Plan,
): Pick<PlanReport, "scope" | "target" | "aside" | "steps" | "kept"> {
  return {
    scope: plan.scope,
    target: plan.target,
    ...(plan.aside === undefined ? {} : { aside: plan.aside }),
    steps: plan.steps.map(({ id, kind, text }) => ({ id, kind, describe: text ?? id })),
    kept: plan.kept ?? [],
  };
}

function reportApproval(approval: Approval): PlanReport["approval"] {
  const { roles, everyRole, askedAt, expiresAt, countdownMs = null, given, rejected } = approval;
  return {
    roles: [...roles],
    everyRole,
    askedAt,
    expiresAt,
    countdownMs,
    given: given.map((one) => ({ ...one })),
    rejected: rejected ?? null,
  };
}

function stateOf({ ended, approval }: Recovery): PlanReport["state"] {
  if (ended !== undefined) {
    return "ended";
  }
  return approval === undefined || isApproved(approval) ? "running" : "waiting";
}
