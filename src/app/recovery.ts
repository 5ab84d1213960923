import { assertNever } from "../model/assert-never.ts";
import type { Incident, Recovery } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import type { Verification } from "../model/verification.ts";
import {
  needsHuman,
  rollbackCancelled,
  rollbackStarted,
  rollbackVerified,
  type IncidentNews,
} from "../notify/notices.ts";
import { runRecovery, type RecoveryEnd } from "../recover/run.ts";
import { holdLock } from "../system/lock.ts";
import { lastRollbackMs } from "./incident.ts";
import { recoveryLockPath } from "./locks.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { proveRestored } from "./prove-restored.ts";
import type { ChangeWatch } from "./watch-changes.ts";

/** Longest wait for the signals to say again whether the breach is still there. */
const GATE_MS = 60_000;
const GATE_LOOK_MS = 200;

type Gate = "go" | { readonly cancel: string };

/**
 * Carries a planned recovery to its end, from wherever the journal says it stands: the first time and after a crash alike.
 *
 * States, each told by the journal: planned -> preparing -> (gate) -> acting -> verifying -> settling -> ended.
 */
export async function finishRecovery(
  daemon: Daemon,
  watch: ChangeWatch,
  planId: string,
  signal: AbortSignal,
): Promise<void> {
  const lock = holdLock(recoveryLockPath(daemon.config));
  try {
    const { plan } = recoveryOf(daemon, planId);
    // Here and not where it was planned: a kill in between must not keep it from people. It is told once.
    const expectedMs = lastRollbackMs(daemon.journal.history());
    daemon.tell(rollbackStarted(newsOf(daemon, plan), plan, expectedMs));
    const acted = await run(daemon, plan, "act", signal);
    if (acted.kind !== "phase-done") {
      end(daemon, plan, acted);
      return;
    }
    await noteOwnChange(daemon, watch, plan, signal);
    const verification = await verifyOnce(daemon, plan, signal);
    if (verification.result !== "proven") {
      const reason = `rolled back, but health is ${verification.result}`;
      close(daemon, plan, { result: "needs-human", reason });
      return;
    }
    const settled = await run(daemon, plan, "settle", signal);
    if (settled.kind !== "phase-done") {
      end(daemon, plan, settled);
      return;
    }
    await noteOwnChange(daemon, watch, plan, signal);
    const left =
      settled.warnings.length === 0 ? "" : `; left undone: ${settled.warnings.join("; ")}`;
    close(daemon, plan, { result: "completed", reason: `${plan.target} is proven healthy${left}` });
  } finally {
    lock.release();
  }
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

/** The breach must still be there when the first act is due; what cleared by itself needs no rollback. */
async function judgeAgain(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  const { world, surroundings } = daemon;
  const incident = incidentOf(daemon, plan);
  const deadline = world.clock.monotonic() + GATE_MS;
  for (;;) {
    await surroundings.lookAtServices(signal);
    const concerned = signalsNow(daemon).filter((one) => incident.signals.includes(one.name));
    if (concerned.some((one) => one.state === "breach")) {
      return "go";
    }
    if (concerned.every((one) => one.state === "ok")) {
      return { cancel: "the breach cleared before the first act" };
    }
    if (world.clock.monotonic() >= deadline) {
      const states = concerned.map((one) => `${one.name} is ${one.state} (${one.reason})`);
      return { cancel: `the breach could not be confirmed: ${states.join("; ")}` };
    }
    await world.clock.sleep(GATE_LOOK_MS, signal);
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
  } else if (verification !== undefined) {
    tell(rollbackVerified(news, recovery, verification));
  } else {
    tell(needsHuman(news, recovery, how.reason));
  }
  journal.record({ kind: "recovery-ended", plan: plan.id, ...how });
  if (how.result === "completed") {
    journal.record({
      kind: "closed",
      incident: plan.incident,
      outcome: "rolled-back",
      reason: how.reason,
    });
  }
  log.info({ plan: plan.id, ...how }, "recovery ended");
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
