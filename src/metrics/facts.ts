import type { Entry } from "../model/facts.ts";
import { isApproved, waitingRecovery } from "../model/history.ts";
import type { Approval, History, Recovery } from "../model/history.ts";
import { SCOPES } from "../model/plan.ts";
import type { RecoveryResult, Scope } from "../model/plan.ts";
import { TIERS } from "../model/tier.ts";
import type { Trigger } from "../model/trigger.ts";
import type { Measures } from "./measures.ts";

const SECOND = 1000;

/**
 * What can come of asking for approval; `unopposed`: nobody said no while it was counted down; `withdrawn`: what it was for is over,
 * or another plan took its place.
 */
export const APPROVAL_RESULTS = [
  "approved",
  "unopposed",
  "rejected",
  "expired",
  "withdrawn",
] as const;
type ApprovalResult = (typeof APPROVAL_RESULTS)[number];

/** Counts what an entry of the journal says. `history` already contains it. */
export function countEntry(measures: Measures, entry: Entry, history: History): void {
  countIncident(measures, entry, history);
  countRecovery(measures, entry, history);
  countApproval(measures, entry, history);
  countDelivery(measures, entry);
  showHistory(measures, history);
}

/** Shows what is so now, whatever happened before: all that a restart must bring back. */
export function showHistory(measures: Measures, history: History): void {
  for (const tier of TIERS) {
    const open = history.incidents.filter((one) => one.closed === undefined && one.tier === tier);
    measures.incidentsOpen.set({ tier }, open.length);
  }
  measures.noticesQueued.set(history.outbox.length);
  measures.approvalsWaiting.set(waitingRecovery(history) === undefined ? 0 : 1);
  for (const scope of SCOPES) {
    const lastMs = lastDurationMs(history, scope);
    if (lastMs !== undefined) {
      measures.rollbackEstimated.set({ scope }, lastMs / SECOND);
    }
  }
  measures.releaseInfo.reset();
  for (const release of history.releases) {
    const commit = release.identity.commit ?? "";
    measures.releaseInfo.set({ release: release.id, commit }, 1);
  }
}

function countIncident(measures: Measures, { at, fact }: Entry, history: History): void {
  if (fact.kind === "labelled") {
    measures.decisionLabels.inc({ label: fact.label });
  }
  // Nothing was detected where a person said so.
  if (fact.kind === "incident-opened" && fact.reported === undefined) {
    measures.detection.observe((at - fact.since) / SECOND);
  }
  if (fact.kind !== "decided") {
    return;
  }
  const incident = history.incidents.find((one) => one.id === fact.incident);
  if (incident !== undefined) {
    measures.decisions.inc({ decision: fact.decision.kind, trigger: incident.trigger });
  }
  for (const guard of fact.decision.guards) {
    if (guard.answer === "block") {
      measures.guardBlocks.inc({ guard: guard.guard });
    }
  }
}

function countRecovery(measures: Measures, { at, fact }: Entry, history: History): void {
  if (fact.kind !== "step-finished" && fact.kind !== "verified" && fact.kind !== "recovery-ended") {
    return;
  }
  const recovery = history.recoveries.find((one) => one.plan.id === fact.plan);
  const incident = history.incidents.find((one) => one.id === recovery?.plan.incident);
  if (recovery === undefined || incident === undefined) {
    return;
  }
  if (fact.kind === "step-finished") {
    countStep(measures, recovery, fact.step, at);
  } else if (fact.kind === "recovery-ended") {
    countEnd(measures, recovery, { at, trigger: incident.trigger, result: fact.result });
  } else if (fact.verification.result === "proven") {
    measures.recovery.observe((at - incident.since) / SECOND);
  }
}

/** A plan that was never begun, because nobody approved it, is no rollback. */
function countEnd(
  measures: Measures,
  { plan, attempts }: Recovery,
  end: { readonly at: number; readonly trigger: Trigger; readonly result: RecoveryResult },
): void {
  const [startedAt] = attempts;
  if (startedAt !== undefined) {
    const { scope } = plan;
    const { at, trigger, result } = end;
    measures.rollbacks.inc({ scope, trigger, result });
    measures.rollbackDuration.observe({ scope }, (at - startedAt) / SECOND);
  }
}

/** Steps are labelled by kind: their ids name paths and services, of which there is no end. */
function countStep(measures: Measures, recovery: Recovery, step: string, at: number): void {
  const kind = recovery.plan.steps.find((one) => one.id === step)?.kind;
  const startedAt = recovery.steps.findLast((one) => one.step === step)?.startedAt;
  if (kind !== undefined && startedAt !== undefined) {
    measures.stepDuration.observe({ step: kind }, (at - startedAt) / SECOND);
  }
}

function countDelivery(measures: Measures, { fact }: Entry): void {
  if (fact.kind === "notice-delivered" || fact.kind === "notice-failed") {
    measures.notices.inc({ channel: fact.channel });
  }
  if (fact.kind === "notice-failed") {
    measures.noticeFailures.inc({ channel: fact.channel, reason: fact.reason });
  }
}

function countApproval(measures: Measures, entry: Entry, history: History): void {
  const { fact } = entry;
  if (!("plan" in fact) || typeof fact.plan !== "string") {
    return;
  }
  const approval = history.recoveries.find((one) => one.plan.id === fact.plan)?.approval;
  const result = approval === undefined ? undefined : answerOf(entry, approval);
  if (result !== undefined) {
    measures.approvals.inc({ result });
  }
}

/** Each plan that waits is counted once, when it stops waiting; undefined while it goes on, and for what follows. */
function answerOf({ at, fact }: Entry, approval: Approval): ApprovalResult | undefined {
  if (fact.kind === "approved") {
    const before = { ...approval, given: approval.given.slice(0, -1) };
    return isApproved(approval) && !isApproved(before) ? "approved" : undefined;
  }
  if (fact.kind === "recovery-ended") {
    const hasStopped = isApproved(approval) || approval.rejected !== undefined;
    return hasStopped ? undefined : lapseOf(approval, at);
  }
  return fact.kind === "rejected" || fact.kind === "countdown-over"
    ? ANSWERS[fact.kind]
    : undefined;
}

const ANSWERS = { rejected: "rejected", "countdown-over": "unopposed" } as const;

function lapseOf({ expiresAt }: Approval, at: number): ApprovalResult {
  return at >= expiresAt ? "expired" : "withdrawn";
}

/** How long the last one that was completed took, from its first step. */
function lastDurationMs(history: History, scope: Scope): number | undefined {
  const last = history.recoveries.findLast(
    (one) => one.plan.scope === scope && one.ended?.result === "completed",
  );
  const [startedAt] = last?.attempts ?? [];
  return last?.ended === undefined || startedAt === undefined
    ? undefined
    : last.ended.at - startedAt;
}
