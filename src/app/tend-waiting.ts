import {
  elapsedSince,
  openIncident,
  waitingRecovery,
  type Approval,
  type Incident,
  type Recovery,
} from "../model/history.ts";
import {
  approvalExpired,
  approvalRejected,
  approvalUnanswered,
} from "../notify/notices-decision.ts";
import type { Daemon } from "./daemon.ts";
import { endUnasked, endWaiting, newsOf } from "./follow.ts";
import { isCleared, outcomeWith } from "./incident.ts";

/** Ends a plan that waits when nobody is to approve it any more: refused, too late, or not the question any more. */
export function tendWaiting(daemon: Daemon): void {
  const { journal } = daemon;
  endUnasked(daemon);
  closeOrphan(daemon);
  closeEnded(daemon);
  const waiting = waitingRecovery(journal.history());
  if (waiting?.approval === undefined) {
    return;
  }
  const { approval } = waiting;
  const incident = journal.history().incidents.find((one) => one.id === waiting.plan.incident);
  if (incident === undefined) {
    endWaiting(daemon, waiting, "its incident is not known any more");
  } else if (approval.rejected !== undefined) {
    daemon.tell(approvalRejected(newsOf(daemon, incident), waiting));
    endWaiting(daemon, waiting, `rejected by ${approval.rejected.by}: ${approval.rejected.reason}`);
  } else if (daemon.world.clock.now() >= approval.expiresAt) {
    daemon.tell(approvalExpired(newsOf(daemon, incident), waiting));
    endWaiting(daemon, waiting, "nobody approved it in time");
  } else {
    endPointless(daemon, incident, { ...waiting, approval });
    remind(daemon, incident, { ...waiting, approval });
  }
}

/** Who has not answered is asked again, and whoever is usually only informed hears of it, too; what can wait for the morning is asked once. */
function remind(
  daemon: Daemon,
  incident: Incident,
  { approval, ...waiting }: Recovery & { readonly approval: Approval },
): void {
  const { journal, config, world } = daemon;
  const { askAgain } = config.policy.approval;
  const isWaiting = waitingRecovery(journal.history()) !== undefined;
  const waitedMs = elapsedSince(journal.history(), approval.askedAt, world.clock.now());
  const turn = askAgain === 0 ? 0 : Math.floor(waitedMs / askAgain);
  if (isWaiting && turn > 0 && incident.tier !== "planned") {
    daemon.tell(approvalUnanswered(newsOf(daemon, incident), { ...waiting, approval }, turn));
  }
}

/** What a recovery ended is closed with it: rollwatch died between the two records. */
function closeEnded({ journal }: Daemon): void {
  const { recoveries, ...history } = journal.history();
  const open = openIncident({ recoveries, ...history });
  const recovery = recoveries.findLast(({ plan }) => plan.incident === open?.id);
  if (open === undefined || recovery?.ended === undefined) {
    return;
  }
  const { result, reason } = recovery.ended;
  const outcome = outcomeWith(recovery, open, result);
  if (outcome !== undefined) {
    journal.record({ kind: "closed", incident: open.id, outcome, reason });
  }
}

/** An incident of a plan by hand is nobody's where rollwatch died before it had written the plan down. */
function closeOrphan({ journal, log }: Daemon): void {
  const open = openIncident(journal.history());
  if (open?.reported?.forPlan !== true || open.plans.length > 0 || open.signals.length > 0) {
    return;
  }
  const reason = "rollwatch died before it had made the plan that was asked for: ask again";
  journal.record({ kind: "closed", incident: open.id, outcome: "held", reason });
  log.warn({ incident: open.id, by: open.reported.by }, reason);
}

function endPointless(
  daemon: Daemon,
  incident: Incident,
  waiting: Recovery & { readonly approval: Approval },
): void {
  if ((incident.graverAt ?? 0) > waiting.approval.askedAt) {
    endWaiting(daemon, waiting, `it is ${incident.trigger} by now: that is another question`);
  } else if (isCleared(daemon, incident)) {
    endWaiting(daemon, waiting, "the breach cleared before it was begun");
  }
}
