import { decide } from "../decide/decide.ts";
import type { Breached } from "../decide/situation.ts";
import type { Decision } from "../model/decision.ts";
import type { Outcome } from "../model/facts.ts";
import type { History, Incident } from "../model/history.ts";
import { held, recommended, recovered } from "../notify/notices.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { draftPlan } from "./draft-plan.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { isOurStop } from "./own-stops.ts";
import { gatherSituation } from "./situation.ts";

/** Opens the incident of a proven breach. */
export function openIncidentOf(daemon: Daemon, verdict: Breached): Incident | undefined {
  const { journal, world, config, log } = daemon;
  const incident = world.ids.next("inc", world.clock.now());
  const { trigger, tier, since, breaches, attribution } = verdict;
  const signals = breaches.map((breach) => breach.signal);
  const { mode } = config.policy.triggers[trigger];
  journal.record({ kind: "incident-opened", incident, trigger, tier, mode, since, signals });
  journal.record({
    kind: "judged",
    incident,
    cause: attribution.cause,
    evidence: [...attribution.evidence],
  });
  log.warn({ incident, trigger, cause: attribution.cause, signals }, "breach proven");
  return journal.history().incidents.find((one) => one.id === incident);
}

/** Asks every guard; the answer is journaled when it differs from the last one. */
export async function decideOn(
  daemon: Daemon,
  incident: Incident,
  verdict: Breached,
  signal: AbortSignal,
): Promise<Decision> {
  const { journal, config, log } = daemon;
  const breach = { verdict, since: incident.since, lockHeld: isFree(recoveryLockPath(config)) };
  const situation = await gatherSituation(daemon, breach, signal);
  const decision = decide(situation);
  const { attribution } = verdict;
  if (attribution.cause !== incident.cause) {
    const evidence = [...attribution.evidence];
    journal.record({ kind: "judged", incident: incident.id, cause: attribution.cause, evidence });
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

/** Tells people about a decision that leaves the work to them. */
export function tellDecision(daemon: Daemon, incident: Incident, decision: Decision): void {
  const news = {
    application: daemon.config.application.name,
    incident,
    now: daemon.world.clock.now(),
  };
  if (decision.kind === "recommend") {
    daemon.tell(recommended(news, decision));
  } else if (decision.kind === "hold") {
    daemon.tell(held(news, decision));
  }
}

/** Makes and journals the plan of a decided rollback. Returns its id. */
export async function planRollback(
  daemon: Daemon,
  incident: Incident,
  target: string,
  signal: AbortSignal,
): Promise<string> {
  const { journal, catalogue } = daemon;
  const release = await catalogue.get(target);
  const plan = await draftPlan(daemon, { incident, release, requestedBy: "policy" }, signal);
  journal.record({ kind: "planned", plan });
  return plan.id;
}

/** Closes an incident whose signals are all ok again, and says so where a proven rollback has not been told already. */
export function closeCleared(daemon: Daemon, incident: Incident): void {
  const { journal, world, config, log } = daemon;
  const now = world.clock.now();
  const outcome = outcomeOf(journal.history(), incident);
  if (outcome !== "rolled-back") {
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
  return (concerned.length > 0 ? concerned : signals).every((one) => one.state === "ok");
}

/**
 * A rollback that did not help makes it a failure, whatever cured it later. One that was completed is its outcome, also
 * when rollwatch died before it could write so.
 */
function outcomeOf(history: History, incident: Incident): Outcome {
  const recoveries = history.recoveries.filter((one) => one.plan.incident === incident.id);
  const results = new Set(recoveries.map((one) => one.ended?.result));
  if (results.has("needs-human")) {
    return "failed";
  }
  if (results.has("completed")) {
    return "rolled-back";
  }
  return incident.decisions.at(-1)?.kind === "recommend" ? "recommended" : "held";
}

/** How long the newest completed rollback took, in milliseconds; null when there was none. */
export function lastRollbackMs(history: History): number | null {
  const last = history.recoveries.findLast((one) => one.ended?.result === "completed");
  return last?.ended === undefined ? null : last.ended.at - last.plannedAt;
}

function isNews(last: Decision | undefined, next: Decision): boolean {
  return (
    last === undefined ||
    last.kind !== next.kind ||
    last.target !== next.target ||
    blockers(last) !== blockers(next)
  );
}

function blockers(decision: Decision): string {
  return decision.guards
    .filter((one) => one.answer === "block")
    .map((one) => one.guard)
    .join(" ");
}
