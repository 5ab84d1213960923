import { assertNever } from "../model/assert-never.ts";
import type { Outcome } from "../model/facts.ts";
import { isBraked, type Incident, type Recovery } from "../model/history.ts";
import type { Plan, RecoveryResult } from "../model/plan.ts";
import { isWell } from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";
import type { Verification } from "../model/verification.ts";
import {
  needsHuman,
  rollbackCancelled,
  rollbackStarted,
  rollbackVerified,
} from "../notify/notices.ts";
import type { IncidentNews } from "../notify/notices-draft.ts";
import { passedOver } from "../recover/next-step.ts";
import { runRecovery, type RecoveryEnd } from "../recover/run.ts";
import { compareIdentity } from "../release/ledger.ts";
import { askAgain } from "./ask-again.ts";
import { lastRollbackMs } from "./incident.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { proveRestored } from "./prove-restored.ts";
import type { ChangeWatch } from "./watch-changes.ts";

/** Longest wait for the signals to say again whether the breach is still there. */
const GATE_MS = 60_000;
const GATE_LOOK_MS = 200;
/** A recovery that stood still this long in the middle is not gone on with unasked. */
const MAX_AWAY_MS = 15 * 60_000;

type Gate = "go" | { readonly cancel: string };

/**
 * Carries a planned recovery to its end, from wherever the journal says it stands: the first time and after a crash alike.
 * The caller holds the recovery lock.
 *
 * States, each told by the journal: planned -> preparing -> (gate) -> acting -> verifying -> settling -> ended.
 */
export async function finishRecovery(
  daemon: Daemon,
  watch: ChangeWatch,
  planId: string,
  signal: AbortSignal,
): Promise<void> {
  const { plan } = recoveryOf(daemon, planId);
  if (!(await mayGoOn(daemon, plan, signal))) {
    return;
  }
  // Here and not where it was planned: a kill in between must not keep it from people. It is told once.
  const expectedMs = lastRollbackMs(daemon.journal.history());
  daemon.tell(rollbackStarted(newsOf(daemon, plan), plan, expectedMs));
  const acted = await run(daemon, plan, "act", signal);
  if (hasActed(recoveryOf(daemon, planId))) {
    // Also where it stopped halfway: nobody else is to be blamed for that.
    await noteOwnChange(daemon, watch, plan, signal);
  }
  if (acted.kind !== "phase-done") {
    end(daemon, plan, acted);
    return;
  }
  const verification = await verifyOnce(daemon, plan, signal);
  if (verification.result !== "proven") {
    const done = plan.scope === "service" ? "restarted" : "rolled back";
    const reason = `${done}, but health is ${verification.result}`;
    close(daemon, plan, { result: "needs-human", reason });
    return;
  }
  const settled = await run(daemon, plan, "settle", signal);
  if (settled.kind !== "phase-done") {
    end(daemon, plan, settled);
    return;
  }
  await noteOwnChange(daemon, watch, plan, signal);
  close(daemon, plan, {
    result: "completed",
    reason: [
      plan.target === null ? "the restart cured it" : `${plan.target} is proven healthy`,
      ...settled.warnings,
    ].join("; left undone: "),
  });
}

/** Whether it may be begun, or gone on with; closed where it may not. */
async function mayGoOn(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<boolean> {
  const recovery = recoveryOf(daemon, plan.id);
  const away = awayFor(recovery, daemon.world.clock.now());
  if (away > MAX_AWAY_MS) {
    const reason = `rollwatch was away for ${tellDuration(away)} in the middle of it, and people may have gone on by hand`;
    close(daemon, plan, { result: "needs-human", reason });
    return false;
  }
  const refusal = await whyNotToBegin(daemon, recovery, signal);
  if (recoveryOf(daemon, plan.id).approval?.rejected !== undefined) {
    // Said while the guards were asked: the plan waits again, and is ended as what it is.
    return false;
  }
  if (refusal !== undefined) {
    close(daemon, plan, { result: "cancelled", reason: refusal });
  }
  return refusal === undefined;
}

/** Who is behind a plan: rollwatch's own policy, people who approved what it recommended, or one who asked for it. */
function authorityOf({ plan, approval }: Recovery): "policy" | "approved" | "person" {
  if (approval !== undefined) {
    return "approved";
  }
  return plan.requestedBy === "policy" ? "policy" : "person";
}

/** An approval may be old: before the first step of a plan that people are behind, every guard is asked again. */
async function whyNotToBegin(
  daemon: Daemon,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<string | undefined> {
  const authority = authorityOf(recovery);
  if (authority === "policy" || recovery.attempts.length > 0) {
    return undefined;
  }
  const { plan } = recovery;
  const incident = incidentOf(daemon, plan);
  const stale = whyStale(recovery, incident, daemon.world.clock.now());
  if (stale !== undefined) {
    return stale;
  }
  await daemon.surroundings.lookAtAll(signal);
  const services = plan.steps
    .filter((step) => step.kind === "restart-service")
    .map((step) => step.id.replace("restart-service:", ""));
  const asked = { plan, incident, authority, services, lockHeld: true };
  const { reasons } = await askAgain(daemon, asked, signal);
  return reasons.length === 0 ? undefined : reasons.join("; ");
}

/** Why people's word is not about this moment any more; undefined when it is. */
function whyStale(
  { plan, approval }: Recovery,
  { graverAt = 0, trigger }: Incident,
  now: number,
): string | undefined {
  const idle = now - (approval?.given.at(-1)?.at ?? plan.createdAt);
  if (idle > MAX_AWAY_MS) {
    return `it was asked for ${tellDuration(idle)} ago, and rollwatch was away since`;
  }
  return approval !== undefined && graverAt > approval.askedAt
    ? `it is ${trigger} by now: that is another question`
    : undefined;
}

/** How long nothing was done for a recovery that has begun to act; 0 before that. */
function awayFor(recovery: Recovery, now: number): number {
  if (!hasActed(recovery)) {
    return 0;
  }
  const { steps, attempts, verification } = recovery;
  const times = steps.map((record) => record.finishedAt ?? record.startedAt);
  return now - Math.max(...times, ...attempts, verification?.at ?? 0);
}

/** Whether a step that the application notices was begun. */
function hasActed({ plan, steps }: Recovery): boolean {
  const acts = new Set(plan.steps.filter((step) => step.phase !== "prepare").map((one) => one.id));
  return steps.some((record) => acts.has(record.step));
}

async function run(
  daemon: Daemon,
  plan: Plan,
  until: "act" | "settle",
  signal: AbortSignal,
): Promise<RecoveryEnd> {
  const { world, catalogue, config, journal } = daemon;
  const ports = { ...world, catalogue, application: config.application };
  const ended = await runRecovery(
    { plan, journal, ports, gate: async () => judgeAgain(daemon, plan, signal), until },
    signal,
  );
  signal.throwIfAborted();
  return ended;
}

/** Nothing is acted on that a brake holds, be it pulled while the breach is looked at. */
async function judgeAgain(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  if (authorityOf(recoveryOf(daemon, plan.id)) === "person") {
    return isStillDeployed(daemon, plan, signal);
  }
  const before = brakeOn(daemon);
  const gate = before === undefined ? await isStillThere(daemon, plan, signal) : "go";
  const brake = brakeOn(daemon) ?? before;
  return brake === undefined ? gate : { cancel: brake };
}

/** The breach must still be there when the first act is due; what cleared by itself needs no rollback. */
async function isStillThere(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  const { world, surroundings } = daemon;
  const incident = incidentOf(daemon, plan);
  if (incident.signals.length === 0) {
    // No probe has seen what a person saw.
    return isStillDeployed(daemon, plan, signal);
  }
  const deadline = world.clock.monotonic() + GATE_MS;
  for (;;) {
    await surroundings.lookAtServices(signal);
    const concerned = signalsNow(daemon).filter((one) => incident.signals.includes(one.name));
    if (concerned.some((one) => one.state === "breach" && one.badWindows > 0)) {
      return isStillDeployed(daemon, plan, signal);
    }
    if (concerned.length > 0 && concerned.every(isWell)) {
      return { cancel: "the breach cleared before the first act" };
    }
    if (world.clock.monotonic() >= deadline) {
      const states = concerned.map((one) => `${one.name} is ${one.state} (${one.reason})`);
      return { cancel: `the breach could not be confirmed: ${states.join("; ")}` };
    }
    await world.clock.sleep(GATE_LOOK_MS, signal);
  }
}

/** Why nothing may be done by itself at this moment; undefined when nothing keeps it. */
function brakeOn({ journal, world }: Daemon): string | undefined {
  const { pause, maintenance } = journal.history();
  const now = world.clock.now();
  if (isBraked(pause, now)) {
    return `${pause.by} paused rollwatch: ${pause.reason}`;
  }
  return isBraked(maintenance, now)
    ? `${maintenance.by} declared maintenance: ${maintenance.reason}`
    : undefined;
}

/** The plan was made for what was deployed then; over anything else it would leave a mixture. */
async function isStillDeployed(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  const { served: _then, ...from } = plan.from;
  const found = await daemon.surroundings.lookAtDeployed(signal);
  if (found === undefined) {
    return { cancel: "what is deployed could not be looked at in time" };
  }
  const { summary } = compareIdentity(from, found);
  return summary.length === 0
    ? "go"
    : { cancel: `what is deployed changed since the plan was made: ${summary.join("; ")}` };
}

async function noteOwnChange(
  daemon: Daemon,
  watch: ChangeWatch,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  await daemon.surroundings.lookAtAll(signal);
  watch.note(plan.id);
}

async function verifyOnce(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Verification> {
  const known = recoveryOf(daemon, plan.id).verification;
  if (known !== undefined) {
    return known;
  }
  const verification = await proveRestored(daemon, recoveryOf(daemon, plan.id), signal);
  daemon.journal.record({ kind: "verified", plan: plan.id, verification });
  daemon.log.info({ plan: plan.id, result: verification.result }, "verification ended");
  return verification;
}

function end(daemon: Daemon, plan: Plan, how: Exclude<RecoveryEnd, { kind: "phase-done" }>): void {
  switch (how.kind) {
    case "cancelled":
      close(daemon, plan, { result: "cancelled", reason: how.reason });
      return;
    case "needs-human":
      close(daemon, plan, { result: "needs-human", reason: how.reason });
      return;
    case "interrupted":
      // The journal is left as it is, the next start goes on from there.
      return;
    default:
      assertNever(how);
  }
}

/**
 * The notice is queued before the end is recorded: a kill in between tells it again (and is deduplicated), never not at all.
 * An incident whose rollback did not help stays open until the breach clears, so that it is not opened again.
 */
function close(
  daemon: Daemon,
  plan: Plan,
  how: { readonly result: "completed" | "cancelled" | "needs-human"; readonly reason: string },
): void {
  const { journal, tell, log } = daemon;
  const recovery = recoveryOf(daemon, plan.id);
  const news = newsOf(daemon, plan);
  const { verification } = recovery;
  if (how.result === "cancelled") {
    tell(rollbackCancelled(news, plan, how.reason));
  } else if (verification !== undefined && isTheWholeStory(how.result, verification)) {
    tell(rollbackVerified(news, recovery, verification, passedOver(recovery)));
  } else {
    tell(needsHuman(news, recovery, how.reason));
  }
  journal.record({ kind: "recovery-ended", plan: plan.id, ...how });
  const outcome = outcomeOf(recovery, incidentOf(daemon, plan), how.result);
  if (outcome !== undefined) {
    journal.record({ kind: "closed", incident: plan.incident, outcome, reason: how.reason });
  }
  log.info({ plan: plan.id, ...how }, "recovery ended");
}

/** How the incident ends with its recovery; undefined when it goes on. One that was opened for a plan by hand alone is over with it. */
function outcomeOf(
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

/** A proven release whose recovery still needs a person (a service that would not start afterwards) is no success. */
function isTheWholeStory(result: RecoveryResult, verification: Verification): boolean {
  return result === "completed" || verification.result !== "proven";
}

function newsOf(daemon: Daemon, plan: Plan): IncidentNews {
  return {
    application: daemon.config.application.name,
    incident: incidentOf(daemon, plan),
    now: daemon.world.clock.now(),
  };
}

function incidentOf(daemon: Daemon, plan: Plan): Incident {
  const incident = daemon.journal.history().incidents.find((one) => one.id === plan.incident);
  if (incident === undefined) {
    throw new Error(`plan ${plan.id} names incident ${plan.incident}, which is not in the journal`);
  }
  return incident;
}

function recoveryOf(daemon: Daemon, planId: string): Recovery {
  const recovery = daemon.journal.history().recoveries.find((one) => one.plan.id === planId);
  if (recovery === undefined) {
    throw new Error(`plan ${planId} is not in the journal`);
  }
  return recovery;
}
