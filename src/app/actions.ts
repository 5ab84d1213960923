import { answerApproval, answerRejection } from "../decide/approval.ts";
import type {
  Actions,
  ApproveRequest,
  PlanReport,
  ReleaseCheck,
  RollbackRequest,
} from "../model/actions.ts";
import type { Outcome } from "../model/facts.ts";
import { Failure } from "../model/failure.ts";
import { openIncident, openRecovery, type Incident, type Recovery } from "../model/history.ts";
import type { Person } from "../model/people.ts";
import { reportedByPerson } from "../notify/notices-people.ts";
import { dropAside } from "./asides.ts";
import * as brakes from "./brakes.ts";
import type { Daemon } from "./daemon.ts";
import { approvalsOf } from "./tell-missed.ts";
import { newsOf } from "./follow.ts";
import { openReported } from "./incident.ts";
import { planHash } from "./plan-hash.ts";
import { reportPlan } from "./plan-report.ts";
import { proveNow } from "./warm-databases.ts";
import { captureNow, pruneReleases, verifyReleases } from "./release-actions.ts";
import { markRelease, unmarkRelease } from "./security-floors.ts";
import { rollBackByHand } from "./roll-back-by-hand.ts";
import { supposedBreach } from "./supposed.ts";
import { warmNow } from "./warm-now.ts";

/** Everything that people and programs may change, on this daemon. `onChange` is called when its loop has something to do. */
export function daemonActions(daemon: Daemon, onChange: () => void): Actions {
  return {
    pause: async (request, by) => brakes.pause(daemon, request, by),
    resume: async (by) => ({ ended: brakes.resume(daemon, by).map((one) => ({ ...one })) }),
    startMaintenance: async (request, by) => brakes.startMaintenance(daemon, request, by),
    endMaintenance: async (by) => brakes.endMaintenance(daemon, by),
    report: async (request, by) => {
      const incident = report(daemon, request, by);
      onChange();
      return { incident };
    },
    rollback: async (request: RollbackRequest, by, signal) => {
      const begun = await rollBackByHand(daemon, request, by, signal);
      onChange();
      return begun;
    },
    plan: async (id) => reportPlan(recoveryOf(daemon, id)),
    approve: async (id, request, by) => {
      const plan = approve(daemon, { id, ...request }, by);
      onChange();
      return plan;
    },
    reject: async (id, { reason }, by) => {
      const plan = reject(daemon, { id, reason }, by);
      onChange();
      return plan;
    },
    acknowledge: async (id, by) => {
      const { id: incident } = openIncidentOf(daemon, id);
      daemon.journal.record({ kind: "acknowledged", incident, by: by.name });
    },
    note: async (id, { text }, by) => {
      const { id: incident } = incidentOf(daemon, id);
      daemon.journal.record({ kind: "noted", incident, by: by.name, text });
    },
    finishTask: async (id, { task }, by) => {
      const { id: incident } = incidentOf(daemon, id);
      daemon.journal.record({ kind: "task-done", incident, by: by.name, task });
    },
    label: async (id, { label }, by) => {
      const { id: incident } = incidentOf(daemon, id);
      daemon.journal.record({ kind: "labelled", incident, by: by.name, label });
    },
    close: async (id, { reason }, by) => {
      close(daemon, openIncidentOf(daemon, id), reason, by);
    },
    ...releaseActions(daemon),
  };
}

type OnReleases =
  | "capture"
  | "verifyReleases"
  | "warmRelease"
  | "markRelease"
  | "unmarkRelease"
  | "dropAside"
  | "prune";

function releaseActions(daemon: Daemon): Pick<Actions, OnReleases> {
  return {
    capture: async (_by, signal) => ({ release: await captureNow(daemon, signal) }),
    verifyReleases: async (request, signal) => verify(daemon, request, signal),
    warmRelease: async (id, _by, signal) => warmNow(daemon, id, signal),
    markRelease: async (id, { reason }, by) => markRelease(daemon, { id, reason }, by),
    unmarkRelease: async (id, by) => unmarkRelease(daemon, id, by),
    dropAside: async (oid, words, by, signal) => dropAside(daemon, { oid, ...words }, by, signal),
    prune: async (request) => ({ pruned: await pruneReleases(daemon, request) }),
  };
}

/** The dump of a single release is proven too: that takes as long as a restore. */
async function verify(
  daemon: Daemon,
  request: Parameters<Actions["verifyReleases"]>[0],
  signal: AbortSignal,
): Promise<ReleaseCheck> {
  const check = await verifyReleases(daemon, request, signal);
  const { release } = request;
  return release === undefined ? check : { ...check, ...(await proveNow(daemon, release, signal)) };
}

/** Opens an incident of the report, or adds it to the one that is open. Returns the incident's id. */
function report(
  daemon: Daemon,
  { trigger, reason }: Parameters<Actions["report"]>[0],
  by: Person,
): string {
  const { journal, world } = daemon;
  const open = openIncident(journal.history());
  if (open !== undefined) {
    const text = `reported ${trigger}: ${reason}`;
    journal.record({ kind: "noted", incident: open.id, by: by.name, text });
    return open.id;
  }
  const verdict = supposedBreach(daemon, trigger, world.clock.now());
  const id = openReported(daemon, verdict, { by: by.name, reason });
  daemon.tell(reportedByPerson(newsOf(daemon, incidentOf(daemon, id))));
  return id;
}

function approve(
  daemon: Daemon,
  { id, hash, override }: ApproveRequest & { readonly id: string },
  by: Person,
): PlanReport {
  const { journal, world } = daemon;
  const recovery = recoveryOf(daemon, id);
  const answer = answerApproval(recovery, {
    by,
    now: world.clock.now(),
    planHash: planHash(recovery.plan),
    ...(hash === undefined ? {} : { hash }),
    isOverride: override !== undefined,
  });
  if (answer.kind === "refused") {
    throw new Failure(answer.code, answer.reason, { hint: "See `rollwatch status` and the plan." });
  }
  const given = { plan: id, by: by.name, role: answer.role };
  journal.record({
    kind: "approved",
    ...given,
    ...(override === undefined ? {} : { override }),
  });
  daemon.log.warn({ ...given, override }, "approved");
  const after = recoveryOf(daemon, id);
  const { approval } = after;
  const news = newsOf(daemon, incidentOf(daemon, after.plan.incident));
  for (const made of approval === undefined ? [] : approvalsOf(news, { ...after, approval })) {
    daemon.tell(made);
  }
  return reportPlan(after);
}

function reject(
  daemon: Daemon,
  { id, reason }: { readonly id: string; readonly reason: string },
  by: Person,
): PlanReport {
  const { journal } = daemon;
  const answer = answerRejection(recoveryOf(daemon, id), { by });
  if (answer.kind === "refused") {
    throw new Failure(answer.code, answer.reason, { hint: "See `rollwatch status` and the plan." });
  }
  journal.record({ kind: "rejected", plan: id, by: by.name, reason });
  daemon.log.warn({ plan: id, by: by.name, reason }, "rejected");
  return reportPlan(recoveryOf(daemon, id));
}

/** A person's end of an incident; what was done for it stays its outcome. */
function close(daemon: Daemon, incident: Incident, reason: string, by: Person): void {
  const { journal } = daemon;
  const history = journal.history();
  const open = openRecovery(history);
  if (open?.plan.incident === incident.id) {
    throw new Failure("refused", `plan ${open.plan.id} of this incident is being carried out`, {
      hint: "Wait for its end: `rollwatch status`.",
    });
  }
  for (const { plan, ended } of history.recoveries) {
    if (plan.incident === incident.id && ended === undefined) {
      const why = `${by.name} closed the incident`;
      journal.record({ kind: "recovery-ended", plan: plan.id, result: "cancelled", reason: why });
    }
  }
  const outcome: Outcome = incident.decisions.some((one) => one.kind === "recommend")
    ? "recommended"
    : "held";
  journal.record({ kind: "closed", incident: incident.id, outcome, reason, by: by.name });
}

function recoveryOf({ journal }: Daemon, id: string): Recovery {
  const recovery = journal.history().recoveries.find((one) => one.plan.id === id);
  if (recovery === undefined) {
    throw new Failure("plan-unknown", `there is no plan ${id}`, {
      hint: "`rollwatch status` names the plan that waits.",
    });
  }
  return recovery;
}

function incidentOf({ journal }: Daemon, id: string): Incident {
  const incident = journal.history().incidents.find((one) => one.id === id);
  if (incident === undefined) {
    throw new Failure("incident-unknown", `there is no incident ${id}`, {
      hint: "See `rollwatch incident list`.",
    });
  }
  return incident;
}

function openIncidentOf(daemon: Daemon, id: string): Incident {
  const incident = incidentOf(daemon, id);
  if (incident.closed !== undefined) {
    throw new Failure("refused", `incident ${id} is closed already`, {
      hint: "Its notes and its label may still be given.",
    });
  }
  return incident;
}
