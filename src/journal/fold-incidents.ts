/** What facts about incidents do to the history. */

import type { Fact } from "../model/facts.ts";
import type { History, Incident } from "../model/history.ts";
import { keepLast, keepLastFinished } from "./keep.ts";

/** Closed incidents that are remembered. */
const MAX_CLOSED = 100;
/** Decisions of one incident that are remembered. */
const MAX_DECISIONS = 100;
/** Notes of one incident that are remembered. */
const MAX_NOTES = 200;

type FactOf<K extends Fact["kind"]> = Extract<Fact, { kind: K }>;

export function opened(history: History, fact: FactOf<"incident-opened">, at: number): History {
  const incident: Incident = {
    id: fact.incident,
    trigger: fact.trigger,
    tier: fact.tier,
    mode: fact.mode,
    since: fact.since,
    openedAt: at,
    signals: fact.signals,
    cause: "unknown",
    evidence: [],
    decisions: [],
    plans: [],
    ...(fact.reported === undefined ? {} : { reported: fact.reported }),
  };
  return { ...history, incidents: [...history.incidents, incident] };
}

export function grown(history: History, fact: FactOf<"incident-grown">, at: number): History {
  const { trigger, tier, mode, signals } = fact;
  return change(history, fact.incident, (incident) => ({
    ...incident,
    trigger,
    tier,
    mode,
    signals,
    // A better name in the same tier is no new danger: what people said to it stands.
    ...(tier === incident.tier ? {} : { graverAt: at }),
  }));
}

export function judged(history: History, fact: FactOf<"judged">): History {
  const { cause, evidence } = fact;
  return change(history, fact.incident, (incident) => ({ ...incident, cause, evidence }));
}

export function decided(history: History, fact: FactOf<"decided">): History {
  return change(history, fact.incident, (incident) => ({
    ...incident,
    decisions: keepLast(MAX_DECISIONS, [...incident.decisions, fact.decision]),
  }));
}

export function planned(history: History, { plan }: FactOf<"planned">): History {
  return change(history, plan.incident, (incident) => ({
    ...incident,
    plans: [...incident.plans, plan.id],
  }));
}

export function acknowledged(
  history: History,
  { incident, by }: FactOf<"acknowledged">,
  at: number,
): History {
  return change(history, incident, (one) => ({ ...one, acknowledged: { by, at } }));
}

export function noted(
  history: History,
  { incident, by, text }: FactOf<"noted">,
  at: number,
): History {
  return change(history, incident, (one) => ({
    ...one,
    notes: keepLast(MAX_NOTES, [...(one.notes ?? []), { by, at, text }]),
  }));
}

/** The first to do it is remembered. */
export function taskDone(
  history: History,
  { incident, by, task }: FactOf<"task-done">,
  at: number,
): History {
  return change(history, incident, (one) => {
    const { done = [] } = one;
    const isKnown = done.some((other) => other.task === task);
    return isKnown ? one : { ...one, done: [...done, { by, at, task }] };
  });
}

export function labelled(
  history: History,
  { incident, by, label }: FactOf<"labelled">,
  at: number,
): History {
  return change(history, incident, (one) => ({ ...one, label: { by, at, label } }));
}

export function closed(history: History, fact: FactOf<"closed">, at: number): History {
  const { outcome, reason, by } = fact;
  const changed = change(history, fact.incident, (incident) => ({
    ...incident,
    closed: { at, outcome, reason, ...(by === undefined ? {} : { by }) },
  }));
  const incidents = keepLastFinished(
    MAX_CLOSED,
    changed.incidents,
    (incident) => incident.closed !== undefined,
  );
  return { ...changed, incidents };
}

function change(history: History, id: string, to: (incident: Incident) => Incident): History {
  return {
    ...history,
    incidents: history.incidents.map((one) => (one.id === id ? to(one) : one)),
  };
}
