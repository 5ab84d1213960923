import { isForNow } from "../decide/decide.ts";
import { decidersOf } from "../decide/policy.ts";
import type { Action, Decision } from "../model/decision.ts";
import {
  isBraked,
  openIncident,
  openRecovery,
  recoveryState,
  waitingRecovery,
  type Incident,
  type Recovery,
} from "../model/history.ts";
import { changesDatabase, type Plan } from "../model/plan.ts";
import type { Role } from "../model/role.ts";
import { TRIGGER_ROWS } from "../model/trigger.ts";
import { asked, held, recommended } from "../notify/notices-decision.ts";
import { rollbackCancelled } from "../notify/notices.ts";
import type { IncidentNews } from "../notify/notices-draft.ts";
import { countedDown, type Counted, isPlanOf } from "./countdown.ts";
import type { Daemon } from "./daemon.ts";
import { draftAction } from "./draft-action.ts";
import { planHash } from "./plan-hash.ts";

/**
 * Plans what was decided, in place of a plan that waits for people. Returns its id; undefined when another was begun
 * meanwhile, a person said no to this incident or closed it, or people have some time left to say so.
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
  const acting = { ...decision, action: decision.kind };
  const counted = countedDown(daemon.journal.history(), daemon.world.clock.now());
  if (counted?.recovery.plan.incident === incident.id && isPlanOf(counted.recovery.plan, acting)) {
    return endCountdown(daemon, counted);
  }
  const plan = await draft(daemon, incident, acting, signal);
  if (!isOpen(daemon, incident) || isRejected(daemon, incident)) {
    return undefined;
  }
  const { countdown: countdownMs } = daemon.config.policy.triggers[incident.trigger];
  const why = "rollwatch may act by itself by now";
  if (countdownMs === 0) {
    return record(daemon, plan, why) ? plan.id : undefined;
  }
  if (isPlaceFree(daemon, why)) {
    ask(daemon, { incident, decision, plan }, { ...decidersAbout(daemon, incident), countdownMs });
  }
  return undefined;
}

/** Returns the plan where nobody may say no any more. */
function endCountdown(
  { journal, log }: Daemon,
  { recovery: { plan }, leftMs }: Counted,
): string | undefined {
  if (leftMs > 0) {
    return undefined;
  }
  journal.record({ kind: "countdown-over", plan: plan.id });
  log.warn({ plan: plan.id }, "nobody said no");
  return plan.id;
}

/** Ends a plan that is counted down when it was decided to do nothing by itself after all, and says so. */
export function stopCountdown(daemon: Daemon, incident: Incident, { reason }: Decision): void {
  const counted = countedDown(daemon.journal.history(), daemon.world.clock.now());
  if (counted !== undefined) {
    daemon.tell(rollbackCancelled(newsOf(daemon, incident), counted.recovery.plan, reason));
    endWaiting(daemon, counted.recovery, reason);
  }
}

/** Asks people about a decision that needs them, once: the plan waits, and they are told what it would do. */
export async function askPeople(
  daemon: Daemon,
  incident: Incident,
  decision: Decision,
  signal: AbortSignal,
): Promise<void> {
  const { journal } = daemon;
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
  ask(
    daemon,
    { incident, decision, plan },
    changesDatabase(plan.scope) ? BOTH_DECIDE : decidersAbout(daemon, incident),
  );
}

/** What people are asked, and whom. */
interface Asking {
  readonly incident: Incident;
  readonly decision: Decision;
  readonly plan: Plan;
}

/** Whom a plan is put to, and for how long they can say no before it is done without a word; absent: it never is. */
interface Deciders {
  readonly roles: readonly Role[];
  readonly everyRole: boolean;
  readonly countdownMs?: number;
}

function decidersAbout({ config }: Daemon, { trigger }: Incident): Deciders {
  return {
    roles: decidersOf(config.policy, trigger),
    everyRole: TRIGGER_ROWS[trigger].everyDecider,
  };
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
  { roles, everyRole, countdownMs }: Deciders,
): void {
  const { journal, config, world } = daemon;
  journal.record({ kind: "planned", plan, waits: true });
  journal.record({
    kind: "approval-asked",
    plan: plan.id,
    hash: planHash(plan),
    roles: [...roles],
    everyRole,
    expiresAt: world.clock.now() + (countdownMs ?? 0) + config.policy.approval.expires,
    ...(countdownMs === undefined ? {} : { countdownMs }),
  });
  const waiting = waitingRecovery(journal.history());
  daemon.tell(asked(newsOf(daemon, incident), decision, waiting));
  daemon.log.warn({ incident: incident.id, plan: plan.id }, "waiting for approval");
}

/** Tells people that a breach is left alone. Not when that may change within seconds, and not while they work on the application themselves: they know. */
export function tellHeld(daemon: Daemon, incident: Incident, decision: Decision): void {
  const { journal, world } = daemon;
  if (!isForNow(decision) && !isBraked(journal.history().maintenance, world.clock.now())) {
    daemon.tell(held(newsOf(daemon, incident), decision));
  }
}

/** A plan whose question was never put cannot be answered: it is made and asked anew. */
export function endUnasked(daemon: Daemon): void {
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

/** Records a plan that may begin at once; false when another recovery was begun meanwhile. */
export function record(daemon: Daemon, plan: Plan, why: string): boolean {
  const isFree = isPlaceFree(daemon, why);
  if (isFree) {
    daemon.journal.record({ kind: "planned", plan });
  }
  return isFree;
}

/** Ends a plan that waits, so that another can take its place; false when one was begun meanwhile. */
function isPlaceFree(daemon: Daemon, why: string): boolean {
  const { journal } = daemon;
  if (openRecovery(journal.history()) !== undefined) {
    return false;
  }
  endUnasked(daemon);
  const waiting = waitingRecovery(journal.history());
  if (waiting !== undefined) {
    endWaiting(daemon, waiting, why);
  }
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

export function endWaiting({ journal, log }: Daemon, { plan }: Recovery, reason: string): void {
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
