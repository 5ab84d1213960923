import { assertNever } from "../model/assert-never.ts";
import type { History, Incident, Recovery } from "../model/history.ts";
import type {
  DeployedReport,
  IncidentReport,
  RecoveryReport,
  ReleaseReport,
  RollbackReport,
  SignalReport,
  VerdictReport,
} from "../model/operations.ts";
import type { Identity } from "../model/identity.ts";
import type { Signal, SignalRule } from "../model/signal.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Readinesses } from "./readinesses.ts";

/** A signal with the numbers it is judged by. */
export function reportSignal(signal: Signal, rules: readonly SignalRule[]): SignalReport {
  const { name, trigger, state, value, unit, limit, since, badWindows, reason } = signal;
  const breachAfter = rules.find((rule) => rule.name === name)?.breachAfter ?? 0;
  return {
    name,
    trigger,
    state,
    value: value ?? null,
    unit,
    limit,
    since,
    badWindows,
    breachAfter,
    reason,
    ...(signal.percentiles === undefined ? {} : { percentiles: signal.percentiles }),
  };
}

/** A verdict in short. */
export function reportVerdict(verdict: Verdict): VerdictReport {
  const none = { trigger: null, tier: null, since: null, cause: null, evidence: [] };
  const missing = verdict.missing.map((one) => ({ ...one }));
  switch (verdict.kind) {
    case "healthy":
      return { kind: "healthy", ...none, missing };
    case "suspect":
      return { kind: "suspect", ...none, since: verdict.firstBadAt, missing };
    case "breached":
      return {
        kind: "breached",
        trigger: verdict.trigger,
        tier: verdict.tier,
        since: verdict.since,
        cause: verdict.attribution.cause,
        evidence: [...verdict.attribution.evidence],
        missing,
      };
    default:
      return assertNever(verdict);
  }
}

/** What is deployed; the served release id as it was last read. */
export function reportDeployed(
  history: History,
  seen: Identity | undefined,
): DeployedReport | null {
  const known = history.identity;
  if (known === undefined) {
    return seen === undefined ? null : { commit: seen.commit, served: seen.served, since: 0 };
  }
  const { commit } = known.value;
  return { commit, served: seen?.served ?? known.value.served, since: known.since };
}

/** Captured releases, newest first. */
export function reportReleases(
  history: History,
  readinesses: Pick<Readinesses, "get">,
): readonly ReleaseReport[] {
  return history.releases.toReversed().map((release) => {
    const readiness = readinesses.get(release.id);
    return {
      id: release.id,
      commit: release.identity.commit,
      served: release.identity.served,
      tag: release.tag,
      capturedAt: release.capturedAt,
      provenAt: release.provenAt ?? null,
      ready: readiness === undefined ? null : readiness.kind === "ready",
      problems: [
        ...(readiness?.kind === "not-ready" ? readiness.problems : []),
        ...(readiness?.databaseProblems ?? []),
      ],
      ...reportFloor(history, release.id),
    };
  });
}

/** The mark of a release as it is told; nothing where it is no security floor. */
export function reportFloor(history: History, id: string): Pick<ReleaseReport, "securityFloor"> {
  const floor = history.floors.find(({ release }) => release === id);
  return floor === undefined
    ? {}
    : { securityFloor: { by: floor.by, reason: floor.reason, at: floor.at } };
}

/** Incidents with their rollbacks, newest first. */
export function reportIncidents(history: History): readonly IncidentReport[] {
  return history.incidents.toReversed().map((incident) => reportIncident(history, incident));
}

/** A rollback that is on its way. */
export function reportRollback(recovery: Recovery): RollbackReport {
  const { plan, steps } = recovery;
  const done = new Set(
    steps
      .filter((one) => one.outcome !== undefined && one.outcome.kind !== "failed")
      .map((one) => one.step),
  );
  const current = steps.findLast((one) => one.outcome === undefined);
  return {
    plan: plan.id,
    incident: plan.incident,
    target: plan.target,
    startedAt: recovery.plannedAt,
    deadline: plan.deadline,
    step: current?.step ?? null,
    stepsDone: done.size,
    stepsTotal: plan.steps.length,
  };
}

function reportIncident(history: History, incident: Incident): IncidentReport {
  const { id, trigger, tier, mode, since, openedAt, cause } = incident;
  return {
    id,
    trigger,
    tier,
    mode,
    since,
    openedAt,
    signals: [...incident.signals],
    cause,
    evidence: [...incident.evidence],
    decisions: incident.decisions.map((decision) => ({
      ...decision,
      guards: [...decision.guards],
    })),
    recoveries: history.recoveries.filter((one) => one.plan.incident === id).map(reportRecovery),
    reported: incident.reported ?? null,
    acknowledged: incident.acknowledged ?? null,
    notes: [...(incident.notes ?? [])],
    label: incident.label?.label ?? null,
    closed: incident.closed ?? null,
  };
}

function reportRecovery(recovery: Recovery): RecoveryReport {
  const { plan, plannedAt, attempts, steps, verification, ended } = recovery;
  return {
    plan: plan.id,
    scope: plan.scope,
    target: plan.target,
    requestedBy: plan.requestedBy,
    plannedAt,
    deadline: plan.deadline,
    attempts: [...attempts],
    steps: steps.map(({ step, startedAt, finishedAt, outcome }) => ({
      id: step,
      text: plan.steps.find((one) => one.id === step)?.text ?? step,
      startedAt,
      finishedAt: finishedAt ?? null,
      outcome: outcome ?? null,
    })),
    stepsTotal: plan.steps.length,
    verification: verification ?? null,
    ended: ended ?? null,
  };
}
