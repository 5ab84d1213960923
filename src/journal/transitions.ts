/** What facts mean for the state machines of recoveries and incidents, and which of them cannot follow. */

import type { Fact, FactKind } from "../model/facts.ts";
import {
  incidentState,
  isApproved,
  openRecovery,
  recoveryState,
  type History,
  type Recovery,
} from "../model/history.ts";
import { INCIDENT_TRANSITIONS, type IncidentEvent } from "../model/incident-machine.ts";
import type { Phase } from "../model/plan.ts";
import { RECOVERY_TRANSITIONS, type RecoveryEvent } from "../model/recovery-machine.ts";

/** The events of a fact, by the plan and the incident that they happen to. */
interface Events {
  readonly recovery?: readonly [plan: string, event: RecoveryEvent];
  readonly incident?: readonly [incident: string, event: IncidentEvent];
}

type FactMap = { readonly [K in FactKind]: Extract<Fact, { kind: K }> };
type FactOf<K extends FactKind> = { [P in K]: { readonly kind: P } & FactMap[P] }[K];
type Meanings = {
  readonly [K in FactKind]: (fact: FactOf<K>, history: History) => Events;
};

const ANNOUNCED: Readonly<Record<Phase, RecoveryEvent>> = {
  prepare: "preparation-announced",
  act: "act-announced",
  settle: "settling-announced",
};

/** What each kind of fact is to the machines. */
const MEANINGS: Meanings = {
  "incident-opened": ofIncident,
  "incident-grown": ofIncident,
  judged: ofIncident,
  decided: ofIncident,
  acknowledged: ofIncident,
  noted: ofIncident,
  // A person's word, as a note is.
  "task-done": ({ incident }) => ({ incident: [incident, "noted"] }),
  labelled: ofIncident,
  closed: ({ incident }, history) => {
    const isCarriedOut = openRecovery(history)?.plan.incident === incident;
    return { incident: [incident, isCarriedOut ? "closed-over-recovery" : "closed"] };
  },
  planned: ({ plan, waits }, history) => ({
    recovery: [plan.id, plannedEvent(waits === true, history)],
    incident: [plan.incident, "planned"],
  }),
  "approval-asked": ({ plan }) => ({ recovery: [plan, "asked"] }),
  approved: ({ plan, by, role, override }, history) => {
    const approval = recoveryOf(history, plan)?.approval;
    const answer = { by, role, at: 0, ...(override === undefined ? {} : { override }) };
    const given = [...(approval?.given ?? []), answer];
    const isLast = approval !== undefined && isApproved({ ...approval, given });
    return { recovery: [plan, isLast ? "approved" : "approved-in-part"] };
  },
  rejected: ({ plan }) => ({ recovery: [plan, "rejected"] }),
  "countdown-over": ({ plan }) => ({ recovery: [plan, "approved"] }),
  "recovery-started": ({ plan }) => ({ recovery: [plan, "begun"] }),
  "step-started": ({ plan, step }, history) => {
    const recovery = recoveryOf(history, plan);
    const found = recovery?.plan.steps.find(({ id }) => id === step);
    const isInAttempt = recovery !== undefined && recovery.attempts.length > 0;
    const event = found === undefined || !isInAttempt ? "unannounced" : ANNOUNCED[found.phase];
    return { recovery: [plan, event] };
  },
  "step-finished": ({ plan, step }, history) => {
    const begun = recoveryOf(history, plan)?.steps.findLast((one) => one.step === step);
    const isAnnounced = begun !== undefined && begun.outcome === undefined;
    return { recovery: [plan, isAnnounced ? "outcome" : "unannounced"] };
  },
  verified: ({ plan, verification }) => ({
    recovery: [plan, verification.result === "proven" ? "verified-proven" : "verified-unproven"],
  }),
  "recovery-ended": ({ plan, result }) => ({ recovery: [plan, `ended-${result}`] }),
  "answer-refused": ofNeither,
  "daemon-started": ofNeither,
  "daemon-stopped": ofNeither,
  "clock-set": ofNeither,
  "identity-seen": ofNeither,
  "change-seen": ofNeither,
  "release-captured": ofNeither,
  "release-proven": ofNeither,
  "release-pruned": ofNeither,
  "release-marked": ofNeither,
  "release-unmarked": ofNeither,
  "aside-ended": ofNeither,
  "notice-queued": ofNeither,
  "notice-delivered": ofNeither,
  "notice-failed": ofNeither,
  paused: ofNeither,
  "observing-only": ofNeither,
  resumed: ofNeither,
  "maintenance-started": ofNeither,
  "maintenance-ended": ofNeither,
};

/** The events of a fact that would follow on the history. */
export function eventsOf<K extends FactKind>(history: History, fact: FactOf<K>): Events {
  return MEANINGS[fact.kind](fact, history);
}

/** Why the fact cannot follow on the history; undefined when it can. */
export function whyImpossible(history: History, fact: Fact): string | undefined {
  const { recovery, incident } = eventsOf(history, fact);
  return (
    (recovery && whyNotOfRecovery(history, ...recovery)) ??
    (incident && whyNotOfIncident(history, ...incident))
  );
}

function whyNotOfRecovery(
  history: History,
  plan: string,
  event: RecoveryEvent,
): string | undefined {
  const state = recoveryState(recoveryOf(history, plan));
  return RECOVERY_TRANSITIONS[state][event] === "impossible"
    ? `plan ${plan} is ${state}, where ${event} is impossible`
    : undefined;
}

function whyNotOfIncident(
  history: History,
  incident: string,
  event: IncidentEvent,
): string | undefined {
  const state = incidentState(history.incidents.find(({ id }) => id === incident));
  return INCIDENT_TRANSITIONS[state][event] === "impossible"
    ? `incident ${incident} is ${state}, where ${event} is impossible`
    : undefined;
}

function ofNeither(): Events {
  return {};
}

function ofIncident(fact: { readonly kind: IncidentEvent; readonly incident: string }): Events {
  return { incident: [fact.incident, fact.kind] };
}

/** One plan is carried out, and one waits, at a time. */
function plannedEvent(isToWait: boolean, { recoveries }: History): RecoveryEvent {
  if (recoveries.some(({ ended }) => ended === undefined)) {
    return "planned-beside";
  }
  return isToWait ? "planned-to-wait" : "planned";
}

function recoveryOf({ recoveries }: History, plan: string): Recovery | undefined {
  return recoveries.find((one) => one.plan.id === plan);
}
