import { levelOf, peopleUpTo } from "../model/duty.ts";
import {
  elapsedLikely,
  type History,
  type Incident,
  isBraked,
  openIncident,
} from "../model/history.ts";
import type { PeopleSettings } from "../model/people.ts";
import { type Escalation, escalated } from "../notify/notices-escalation.ts";
import type { Daemon } from "./daemon.ts";
import { newsOf } from "./follow.ts";

/** Longest wait for the next look, in milliseconds. */
const LOOK_MS = 10_000;

/** Calls the next level while nobody acknowledges an open incident, until the signal aborts. */
export async function keepEscalating(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { clock } = daemon.world;
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal);
    callDue(daemon);
  }
}

function callDue(daemon: Daemon): void {
  const { journal, config, world } = daemon;
  const history = journal.history();
  const incident = openIncident(history);
  const due =
    incident === undefined
      ? undefined
      : escalationDue(history, incident, { people: config.people, now: world.clock.now() });
  if (incident !== undefined && due !== undefined) {
    daemon.tell(escalated(newsOf(daemon, incident), due));
  }
}

/**
 * Who is to be called at `now` about an open incident; undefined: nobody. Planned matters go no further than the rollback team, those
 * of the fast tier to senior management, the gravest to the executives. Whoever acknowledged, decided or asked for a plan is at work
 * on it; an incident that became graver since is a new question. Pure.
 */
export function escalationDue(
  history: History,
  incident: Incident,
  { people, now }: { readonly people: PeopleSettings; readonly now: number },
): Escalation | undefined {
  const from = incident.graverAt ?? incident.openedAt;
  if (isMuted(history, incident, now) || isAttended(history, incident)) {
    return undefined;
  }
  const waitedMs = elapsedLikely(history, from, now);
  const afterMs = waitsOf(incident, people);
  const level = dueLevel(afterMs, waitedMs);
  if (level === undefined || level <= levelCalled(incident)) {
    return undefined;
  }
  const called = peopleUpTo(people, level, now).filter(
    (one) => levelOf(one) === level && one.channels.length > 0,
  );
  const third = level === 2 ? afterMs[3] : undefined;
  return {
    level,
    from,
    waitedMs,
    called: called.map(({ name }) => name),
    ...(third === undefined ? {} : { next: { level: 3, inMs: Math.max(0, third - waitedMs) } }),
  };
}

/** After how many milliseconds each level is called; absent: it is not. */
function waitsOf({ tier }: Incident, { escalation }: PeopleSettings): { 2?: number; 3?: number } {
  const { second, third } = escalation;
  return {
    ...(second === 0 || tier === "planned" ? {} : { 2: second }),
    ...(third === 0 || tier !== "immediate" ? {} : { 3: third }),
  };
}

function dueLevel(afterMs: { 2?: number; 3?: number }, waitedMs: number): 2 | 3 | undefined {
  if (waitedMs >= (afterMs[3] ?? Infinity)) {
    return 3;
  }
  return waitedMs >= (afterMs[2] ?? Infinity) ? 2 : undefined;
}

/** The level that was called for what it is now. */
function levelCalled(incident: Incident): 1 | 2 | 3 {
  const { escalated: before } = incident;
  return before !== undefined && isSinceGraver(incident, before.at) ? before.level : 1;
}

/** Whether something was done about an incident that is as grave as now. Times are compared where they must be: a clock may have been set. */
function isSinceGraver({ graverAt }: Incident, at: number): boolean {
  return graverAt === undefined || at >= graverAt;
}

/** Those for whom nothing is to be done, or who work on the application themselves, are not called. */
function isMuted(history: History, { mode }: Incident, now: number): boolean {
  return mode === "off" || mode === "shadow" || isBraked(history.maintenance, now);
}

function isAttended({ recoveries }: History, incident: Incident): boolean {
  const { acknowledged, id } = incident;
  const own = recoveries.filter(({ plan }) => plan.incident === id);
  const spoken = [
    ...(acknowledged === undefined ? [] : [acknowledged.at]),
    ...own.flatMap(({ plan, plannedAt, approval }) => [
      ...(plan.requestedBy === "policy" ? [] : [plannedAt]),
      ...(approval?.given.map(({ at }) => at) ?? []),
      ...(approval?.rejected === undefined ? [] : [approval.rejected.at]),
    ]),
  ];
  return spoken.some((at) => isSinceGraver(incident, at));
}
