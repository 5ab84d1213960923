import { decide } from "../decide/decide.ts";
import { isGraver } from "../judge/gravity.ts";
import type { Breached } from "../decide/situation.ts";
import type { Decision } from "../model/decision.ts";
import type { Outcome } from "../model/facts.ts";
import type { History, Incident, Recovery } from "../model/history.ts";
import type { RecoveryResult, Scope } from "../model/plan.ts";
import { isWell } from "../model/signal.ts";
import type { Attribution } from "../model/verdict.ts";
import { recovered } from "../notify/notices.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { isOurStop } from "./own-stops.ts";
import { gatherSituation } from "./situation.ts";

/** Opens the incident of a proven breach. */
export function openIncidentOf(daemon: Daemon, verdict: Breached): Incident | undefined {
  const { journal, config, log } = daemon;
  const { trigger, tier, since, breaches, attribution } = verdict;
  const incident = daemon.world.ids.next("inc", daemon.world.clock.now());
  const signals = breaches.map((breach) => breach.signal);
  const { mode } = config.policy.triggers[trigger];
  journal.record({ kind: "incident-opened", incident, trigger, tier, mode, since, signals });
  recordCause(daemon, incident, attribution);
  log.warn({ incident, trigger, cause: attribution.cause, signals }, "breach proven");
  return incidentOf(daemon, incident);
}

/** Opens the incident of a person's report. Returns its id. */
export function openReported(
  daemon: Daemon,
  verdict: Breached,
  reported: NonNullable<Incident["reported"]>,
): string {
  const { journal, config, log, world } = daemon;
  const { trigger, tier, since, attribution } = verdict;
  const incident = world.ids.next("inc", world.clock.now());
  const { mode } = config.policy.triggers[trigger];
  const opened = { incident, trigger, tier, mode, since, signals: [], reported };
  journal.record({ kind: "incident-opened", ...opened });
  recordCause(daemon, incident, attribution);
  log.warn({ incident, trigger, by: reported.by }, "reported by a person");
  return incident;
}

/** The open incident with the signals that joined it since; a graver trigger among them, or one that explains the others, becomes its own. */
export function grow(daemon: Daemon, incident: Incident, verdict: Breached): Incident {
  const { journal, config } = daemon;
  const found = verdict.breaches.map((breach) => breach.signal);
  const names = found.length > 0 && isGraver(verdict, incident);
  const signals = [...new Set([...incident.signals, ...found])];
  if (!names && signals.length === incident.signals.length) {
    return incident;
  }
  const { trigger, tier } = names ? verdict : incident;
  const { mode } = config.policy.triggers[trigger];
  journal.record({ kind: "incident-grown", incident: incident.id, trigger, tier, mode, signals });
  return incidentOf(daemon, incident.id) ?? incident;
}

function recordCause(daemon: Daemon, incident: string, { cause, evidence }: Attribution): void {
  daemon.journal.record({ kind: "judged", incident, cause, evidence: [...evidence] });
}

function incidentOf({ journal }: Daemon, id: string): Incident | undefined {
  return journal.history().incidents.find((one) => one.id === id);
}

/** When what is decided about began: a report, or a lighter breach, may be older than the grave one that joined it. */
function sinceOf(incident: Incident, verdict: Breached): number {
  const isJoined = incident.reported !== undefined || incident.graverAt !== undefined;
  return isJoined && verdict.breaches.length > 0 ? verdict.since : incident.since;
}

/** Asks every guard; the answer is journaled when it differs from the last one. */
export async function decideOn(
  daemon: Daemon,
  incident: Incident,
  verdict: Breached,
  signal: AbortSignal,
): Promise<Decision> {
  const { journal, config, log } = daemon;
  const question = {
    verdict,
    since: sinceOf(incident, verdict),
    lockHeld: isFree(recoveryLockPath(config)),
    reportedOnly: verdict.breaches.length === 0,
  };
  const decision = decide(await gatherSituation(daemon, question, signal));
  if (verdict.attribution.cause !== incident.cause) {
    recordCause(daemon, incident.id, verdict.attribution);
  }
  if (isNews(incident.decisions.at(-1), decision)) {
    journal.record({ kind: "decided", incident: incident.id, decision });
    log.warn(
      { incident: incident.id, decision: decision.kind, reason: decision.reason },
      "decided",
    );
  }
  return decision;
}

/** Closes an incident whose signals are all ok again, and says so where a proven rollback has not been told already. */
export function closeCleared(daemon: Daemon, incident: Incident): void {
  const { journal, world, config, log } = daemon;
  const now = world.clock.now();
  const outcome = outcomeOf(journal.history(), incident);
  if (outcome !== "rolled-back" && outcome !== "serviced") {
    daemon.tell(recovered({ application: config.application.name, incident, now }));
  }
  const reason = "every signal of the incident is ok again";
  journal.record({ kind: "closed", incident: incident.id, outcome, reason });
  log.info({ incident: incident.id, outcome }, "incident closed");
}

/**
 * Whether every signal that opened the incident is ok. Not while services stand still because a recovery stopped them: pm2
 * has nothing to complain of then.
 */
export function isCleared(daemon: Daemon, incident: Incident): boolean {
  const { surroundings, journal, config } = daemon;
  if (incident.reported !== undefined) {
    // No probe sees what a person saw: a person ends it.
    return false;
  }
  const history = journal.history();
  // Destructive ones wait for a proof, whatever else is well.
  const needed = new Set(
    config.application.services.filter((one) => !one.destructive).map((one) => one.name),
  );
  const still = surroundings.services().filter((service) => isOurStop(service, history));
  if (still.some((service) => needed.has(service.name))) {
    return false;
  }
  const signals = signalsNow(daemon);
  const concerned = signals.filter((one) => incident.signals.includes(one.name));
  // An incident of signals that are no longer configured is judged by those that are.
  return (concerned.length > 0 ? concerned : signals).every(isWell);
}

/**
 * A rollback that did not help makes it a failure, whatever cured it later. One that was completed is its outcome, also
 * when rollwatch died before it could write so.
 */
function outcomeOf(history: History, incident: Incident): Outcome {
  const recoveries = history.recoveries.filter((one) => one.plan.incident === incident.id);
  if (recoveries.some((one) => one.ended?.result === "needs-human")) {
    return "failed";
  }
  const done = recoveries.findLast((one) => one.ended?.result === "completed");
  if (done !== undefined) {
    return done.plan.scope === "service" ? "serviced" : "rolled-back";
  }
  return incident.decisions.at(-1)?.kind === "recommend" ? "recommended" : "held";
}

/** How long the newest completed rollback of a scope took, in milliseconds; null when there was none. */
export function lastRollbackMs(history: History, scope: Scope = "application"): number | null {
  const last = history.recoveries.findLast(
    (one) => one.ended?.result === "completed" && one.plan.scope === scope,
  );
  return last?.ended === undefined ? null : last.ended.at - last.plannedAt;
}

function isNews(last: Decision | undefined, next: Decision): boolean {
  return (
    last === undefined ||
    last.kind !== next.kind ||
    last.target !== next.target ||
    last.scope !== next.scope ||
    blockers(last) !== blockers(next)
  );
}

function blockers(decision: Decision): string {
  return decision.guards
    .filter((one) => one.answer === "block")
    .map((one) => one.guard)
    .join(" ");
}

/** How the incident ends with its recovery; undefined when it goes on. One that was opened for a plan by hand alone is over with it. */
export function outcomeWith(
  { plan }: Recovery,
  { reported, plans, signals }: Incident,
  result: RecoveryResult,
): Outcome | undefined {
  if (result === "completed") {
    return plan.scope === "service" ? "serviced" : "rolled-back";
  }
  const isForIt = reported !== undefined && signals.length === 0 && plans[0] === plan.id;
  return result === "cancelled" && isForIt && plan.requestedBy !== "policy" ? "held" : undefined;
}
