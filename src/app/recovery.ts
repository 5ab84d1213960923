import { giveUpBallast } from "../journal/ballast.ts";
import { assertNever } from "../model/assert-never.ts";
import { elapsedAtMost, hasActed, recoveryState, type Recovery } from "../model/history.ts";
import { changesDatabase, type Plan, type RecoveryResult } from "../model/plan.ts";
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
import { MAX_AWAY_MS, whyNotToBegin } from "./authority.ts";
import { otherHand } from "./other-hand.ts";
import { heldDatabases } from "./held-databases.ts";
import { lastRollbackMs, outcomeWith } from "./incident.ts";
import type { Daemon } from "./daemon.ts";
import { judgeAgain } from "./gate.ts";
import { endLeftSessions, whyStuck } from "./left-behind.ts";
import { leavePoolRunning } from "./paused-pool.ts";
import { incidentOf, recoveryOf } from "./planned.ts";
import { proveRestored } from "./prove-restored.ts";
import { schemaPortsOf } from "./migration-ports.ts";
import { openServiceHealth } from "./service-health.ts";
import { warmPortsOf } from "./warm-ports.ts";
import type { ChangeWatch } from "./watch-changes.ts";

/**
 * Carries a planned recovery to its end, from wherever the journal says it stands: the first time and after a crash alike.
 * The caller holds the recovery lock.
 *
 * States: those of `RECOVERY_TRANSITIONS`, each told by the journal.
 */
export async function finishRecovery(
  daemon: Daemon,
  watch: ChangeWatch,
  planId: string,
  signal: AbortSignal,
): Promise<void> {
  const { plan } = recoveryOf(daemon, planId);
  if (changesDatabase(plan.scope)) {
    await endLeftSessions(daemon.world, daemon.log, signal);
    signal.throwIfAborted();
  }
  if (!(await mayGoOn(daemon, plan, signal))) {
    await leavePoolRunning(daemon, plan);
    return;
  }
  // Here and not where it was planned: a kill in between must not keep it from people. It is told once.
  const expectedMs = lastRollbackMs(daemon.journal.history(), plan.scope);
  daemon.tell(rollbackStarted(newsOf(daemon, plan), plan, expectedMs));
  const acted = await run(daemon, plan, "act", signal);
  await (acted.kind === "phase-done" ? undefined : leavePoolRunning(daemon, plan));
  if (hasActed(recoveryOf(daemon, planId))) {
    // Also where it stopped halfway: nobody else is to be blamed for that.
    await noteOwnChange(daemon, watch, plan, signal);
  }
  if (acted.kind !== "phase-done") {
    await end(daemon, plan, acted);
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
    await end(daemon, plan, settled);
    return;
  }
  await noteOwnChange(daemon, watch, plan, signal);
  close(daemon, plan, {
    result: "completed",
    reason: [tellCure(plan), ...settled.warnings].join("; left undone: "),
  });
}

function tellCure({ scope, target }: Plan): string {
  if (target === null) {
    return "the restart cured it";
  }
  return scope === "configuration"
    ? `with the configuration of ${target} it is proven healthy`
    : `${target} is proven healthy`;
}

/** Whether it may be begun, or gone on with; closed where it may not. */
async function mayGoOn(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<boolean> {
  const recovery = recoveryOf(daemon, plan.id);
  const away = awayFor(daemon, recovery);
  if (away > MAX_AWAY_MS) {
    const reason = `rollwatch was away for ${tellDuration(away)} in the middle of it, and people may have gone on by hand`;
    close(daemon, plan, { result: "needs-human", reason });
    return false;
  }
  const stuck = await whyStuck(daemon);
  if (stuck !== undefined) {
    close(daemon, plan, { result: "needs-human", reason: stuck });
    return false;
  }
  const refusal = await whyNotToBegin(daemon, recovery, signal);
  if (recoveryState(recoveryOf(daemon, plan.id)) === "refused") {
    // Said while the guards were asked: the plan waits again, and is ended as what it is.
    return false;
  }
  if (refusal !== undefined) {
    close(daemon, plan, { result: "cancelled", reason: refusal });
  }
  return refusal === undefined;
}

/** How long nothing was done for a recovery that has begun to act; 0 before that. */
function awayFor({ journal, world }: Daemon, recovery: Recovery): number {
  if (!hasActed(recovery)) {
    return 0;
  }
  const { steps, attempts, verification } = recovery;
  const times = steps.map((record) => record.finishedAt ?? record.startedAt);
  const last = Math.max(...times, ...attempts, verification?.at ?? 0);
  return elapsedAtMost(journal.history(), last, world.clock.now());
}

async function run(
  daemon: Daemon,
  plan: Plan,
  until: "act" | "settle",
  signal: AbortSignal,
): Promise<RecoveryEnd> {
  const { world, catalogue, config, journal } = daemon;
  const { whyUnwell, stop } = openServiceHealth(daemon);
  const making = warmPortsOf(daemon);
  const hold = world.databases?.openHold();
  const schema = schemaPortsOf(daemon);
  const ports = {
    ...world,
    ...(world.databases === undefined || hold === undefined
      ? {}
      : { databases: heldDatabases(world.databases, hold) }),
    catalogue,
    application: config.application,
    whyUnwell,
    ...(making === undefined ? {} : { making }),
    ...(schema === undefined ? {} : { schema }),
  };
  try {
    const ended = await runRecovery(
      {
        plan,
        journal,
        ports,
        gate: async () => judgeAgain(daemon, plan, signal),
        whoElse: async () => otherHand(daemon, plan, signal),
        makeRoom: () => giveUpBallast(daemon.config.state),
        until,
      },
      signal,
    );
    signal.throwIfAborted();
    return ended;
  } finally {
    await hold?.release();
    stop();
  }
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

async function end(
  daemon: Daemon,
  plan: Plan,
  how: Exclude<RecoveryEnd, { kind: "phase-done" }>,
): Promise<void> {
  switch (how.kind) {
    case "cancelled": {
      // What cannot be ended may still change something: nobody can say that nothing was changed.
      const isStuck = (await whyStuck(daemon)) !== undefined;
      close(daemon, plan, { result: isStuck ? "needs-human" : "cancelled", reason: how.reason });
      return;
    }
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
    const { cooldown: cooldownMs } = daemon.config.policy.brakes;
    const leftUndone = passedOver(recovery);
    tell(rollbackVerified(news, recovery, verification, { leftUndone, cooldownMs }));
  } else {
    tell(needsHuman(news, recovery, how.reason));
  }
  journal.record({ kind: "recovery-ended", plan: plan.id, ...how });
  const outcome = outcomeWith(recovery, incidentOf(daemon, plan), how.result);
  if (outcome !== undefined) {
    journal.record({ kind: "closed", incident: plan.incident, outcome, reason: how.reason });
  }
  log.info({ plan: plan.id, ...how }, "recovery ended");
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
