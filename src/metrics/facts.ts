import type { Entry } from "../model/facts.ts";
import type { History, Recovery } from "../model/history.ts";
import { TIERS } from "../model/tier.ts";
import type { Measures } from "./measures.ts";

const SECOND = 1000;

/** Counts what an entry of the journal says. `history` already contains it. */
export function countEntry(measures: Measures, entry: Entry, history: History): void {
  countIncident(measures, entry, history);
  countRecovery(measures, entry, history);
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
  measures.releaseInfo.reset();
  for (const release of history.releases) {
    const commit = release.identity.commit ?? "";
    measures.releaseInfo.set({ release: release.id, commit }, 1);
  }
}

function countIncident(measures: Measures, { at, fact }: Entry, history: History): void {
  if (fact.kind === "incident-opened") {
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
    const { scope } = recovery.plan;
    const startedAt = recovery.attempts[0] ?? recovery.plannedAt;
    measures.rollbacks.inc({ scope, trigger: incident.trigger, result: fact.result });
    measures.rollbackDuration.observe({ scope }, (at - startedAt) / SECOND);
  } else if (fact.verification.result === "proven") {
    measures.recovery.observe((at - incident.since) / SECOND);
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
