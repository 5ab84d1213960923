import { isForNow } from "../decide/decide.ts";
import { decidersOf } from "../decide/policy.ts";
import type { Action, Decision } from "../model/decision.ts";
import {
  elapsedSince,
  isBraked,
  openIncident,
  openRecovery,
  recoveryState,
  waitingRecovery,
  type Approval,
  type Incident,
  type Recovery,
} from "../model/history.ts";
import { changesDatabase, type Plan } from "../model/plan.ts";
import type { Role } from "../model/role.ts";
import { TRIGGER_ROWS } from "../model/trigger.ts";
import {
  approvalExpired,
  approvalRejected,
  approvalUnanswered,
  held,
  recommended,
} from "../notify/notices-decision.ts";
import { rollbackCancelled } from "../notify/notices.ts";
import type { IncidentNews } from "../notify/notices-draft.ts";
import type { Daemon } from "./daemon.ts";
import { draftAction } from "./draft-action.ts";
import { isCleared, outcomeWith } from "./incident.ts";
import { planHash } from "./plan-hash.ts";

/**
 * Plans what was decided, in place of a plan that waits for people. Returns its id; undefined when another was begun
 * meanwhile, or a person said no to this incident or closed it.
 */
export async function planDecided(
  daemon: Daemon,
  incident: Incident,
  decision: Decision & { readonly kind: Action },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (isRejected(daemon, incident)) {
    // Asked before, too: a draft hashes the whole tree, and this comes again every few seconds.
    return undefined;
  }
  const plan = await draft(daemon, incident, { ...decision, action: decision.kind }, signal);
  if (!isOpen(daemon, incident) || isRejected(daemon, incident)) {
    return undefined;
  }
  return record(daemon, plan, "rollwatch may act by itself by now") ? plan.id : undefined;
}

/** Asks people about a decision that needs them, once: the plan waits, and they are told what it would do. */
export async function askPeople(
  daemon: Daemon,
  incident: Incident,
  decision: Decision,
  signal: AbortSignal,
): Promise<void> {
  const { journal, config } = daemon;
  if (isAnswered(daemon, incident)) {
    return;
  }
  const canBePlanned =
    decision.action === "restart" ? (decision.services ?? []).length > 0 : decision.target !== null;
  if (!canBePlanned) {
    daemon.tell(recommended(newsOf(daemon, incident), decision));
    return;
  }
  const plan = await draft(daemon, incident, decision, signal);
  const isTooLate = openRecovery(journal.history()) !== undefined || !isOpen(daemon, incident);
  if (isTooLate || isAnswered(daemon, incident)) {
    return;
  }
  const { roles, everyRole } = changesDatabase(plan.scope)
    ? BOTH_DECIDE
    : {
        roles: decidersOf(config.policy, incident.trigger),
        everyRole: TRIGGER_ROWS[incident.trigger].everyDecider,
      };
  ask(daemon, { incident, decision, plan }, { roles, everyRole });
}

/** What people are asked, and whom. */
interface Asking {
  readonly incident: Incident;
  readonly decision: Decision;
  readonly plan: Plan;
}

/** Nobody swaps a database alone, whatever it is for and whoever asked for it. */
const BOTH_DECIDE = { roles: TRIGGER_ROWS["data-corruption"].deciders, everyRole: true } as const;

/** Records a person's plan that two others must approve, in place of one that waits. */
export function askForDatabase(daemon: Daemon, asking: Asking): void {
  endUnasked(daemon);
  const waiting = waitingRecovery(daemon.journal.history());
  if (waiting !== undefined) {
    endWaiting(daemon, waiting, `${asking.plan.requestedBy} asked for another plan`);
  }
  ask(daemon, asking, BOTH_DECIDE);
}

function ask(
  daemon: Daemon,
  { incident, decision, plan }: Asking,
  { roles, everyRole }: { readonly roles: readonly Role[]; readonly everyRole: boolean },
): void {
  const { journal, config, world } = daemon;
  journal.record({ kind: "planned", plan, waits: true });
  journal.record({
    kind: "approval-asked",
    plan: plan.id,
    hash: planHash(plan),
    roles: [...roles],
    everyRole,
    expiresAt: world.clock.now() + config.policy.approval.expires,
  });
  const waiting = waitingRecovery(journal.history());
  daemon.tell(recommended(newsOf(daemon, incident), decision, waiting));
  daemon.log.warn({ incident: incident.id, plan: plan.id }, "waiting for approval");
}

/** Tells people that a breach is left alone. Not when that may change within seconds, and not while they work on the application themselves: they know. */
export function tellHeld(daemon: Daemon, incident: Incident, decision: Decision): void {
  const { journal, world } = daemon;
  if (!isForNow(decision) && !isBraked(journal.history().maintenance, world.clock.now())) {
    daemon.tell(held(newsOf(daemon, incident), decision));
  }
}

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

/** A plan whose question was never put cannot be answered: it is made and asked anew. */
function endUnasked(daemon: Daemon): void {
  const unasked = daemon.journal
    .history()
    .recoveries.filter((recovery) => recoveryState(recovery) === "unasked");
  for (const one of unasked) {
    const reason = "rollwatch died before it asked anybody";
    const incident = daemon.journal.history().incidents.find(({ id }) => id === one.plan.incident);
    // What rollwatch planned by itself is planned and asked anew; what a person asked for is not.
    if (incident !== undefined && one.plan.requestedBy !== "policy") {
      daemon.tell(rollbackCancelled(newsOf(daemon, incident), one.plan, `${reason}: ask again`));
    }
    endWaiting(daemon, one, reason);
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
    endWaiting(daemon, waiting, "the breach cleared before it was approved");
  }
}

/** Records a plan that may begin at once; false when another recovery was begun meanwhile. */
export function record(daemon: Daemon, plan: Plan, why: string): boolean {
  const { journal } = daemon;
  if (openRecovery(journal.history()) !== undefined) {
    return false;
  }
  endUnasked(daemon);
  const waiting = waitingRecovery(journal.history());
  if (waiting !== undefined) {
    endWaiting(daemon, waiting, why);
  }
  journal.record({ kind: "planned", plan });
  return true;
}

/** What every notice about an incident is made from. */
export function newsOf({ config, world }: Daemon, incident: Incident): IncidentNews {
  const news = { application: config.application.name, incident, now: world.clock.now() };
  const isBlind = config.signals.some(
    ({ name, probe }) => probe.kind === "blindness" && incident.signals.includes(name),
  );
  return isBlind ? { ...news, isBlind } : news;
}

function endWaiting({ journal, log }: Daemon, { plan }: Recovery, reason: string): void {
  journal.record({ kind: "recovery-ended", plan: plan.id, result: "cancelled", reason });
  log.info({ plan: plan.id, reason }, "a waiting plan ended");
}

/**
 * Whether people were asked and have not answered yet, or have said no in this incident. What only a person saw is asked about
 * once, and never when a person acts on it already: it lasts until somebody closes it.
 */
function isAnswered(daemon: Daemon, incident: Incident): boolean {
  const history = daemon.journal.history();
  if (waitingRecovery(history) !== undefined || isRejected(daemon, incident)) {
    return true;
  }
  const { id, reported, signals, graverAt = 0 } = incident;
  const isReport = reported !== undefined && signals.length === 0;
  const before = history.recoveries.filter(({ plan }) => plan.incident === id);
  return (
    isReport &&
    before.some(
      ({ plan, approval }) =>
        plan.requestedBy !== "policy" || (approval !== undefined && approval.askedAt >= graverAt),
    )
  );
}

/** Whether a person said no in this incident since it is as grave as it is. */
function isRejected({ journal }: Daemon, { id, graverAt = 0 }: Incident): boolean {
  return journal
    .history()
    .recoveries.some(
      ({ plan, approval }) => plan.incident === id && (approval?.rejected?.at ?? -1) >= graverAt,
    );
}

/** Whether nobody closed it while something was waited for. */
function isOpen({ journal }: Daemon, { id }: Incident): boolean {
  return openIncident(journal.history())?.id === id;
}

async function draft(
  daemon: Daemon,
  incident: Incident,
  decision: Decision,
  signal: AbortSignal,
): Promise<Plan> {
  const { action = "roll-back", target, services = [], scope, kinds } = decision;
  const what = {
    ...(scope === undefined ? {} : { scope }),
    ...(kinds === undefined ? {} : { kinds }),
  };
  return draftAction(
    daemon,
    { incident, action, target, services, ...what, requestedBy: "policy" },
    signal,
  );
}
