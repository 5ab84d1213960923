import { decide, isForNow } from "../decide/decide.ts";
import type { Breached } from "../decide/situation.ts";
import { isGraver } from "../judge/gravity.ts";
import type { Decision } from "../model/decision.ts";
import type { Incident, Recovery } from "../model/history.ts";
import type { Identity } from "../model/identity.ts";
import type { ReplayedIncident } from "../model/replay.ts";
import { isWell, type Signal } from "../model/signal.ts";
import type { Verdict } from "../model/verdict.ts";
import { deployed, situationOf, type ReplaySetup, type Surroundings } from "./situation.ts";

/**
 * A decision waits this long for the look at everything that comes before it: the controls may take their whole time, and
 * were recorded when they answered.
 */
const LOOK_MS = 2000;
/** As the daemon's loop does: an undecided breach is decided again after this time, and sooner what holds for the moment. */
const AGAIN_MS = 5000;
const SOON_MS = 1000;

/** Every incident of a replay: at most one is open. */
export interface Courses {
  readonly open?: Course;
  readonly closed: readonly Incident[];
  /** What was decided and supposed to be done at once. */
  readonly recoveries: readonly Recovery[];
}

/** The incident under way. */
interface Course {
  readonly incident: Incident;
  /** Not decided about before this time. */
  readonly decideAt: number;
  /** Whether something that acts was decided: what would have come of it nobody knows, so nothing is decided again. */
  readonly acted: boolean;
}

/** What was judged at one moment, and everything around it. */
export interface Moment {
  readonly now: number;
  readonly signals: readonly Signal[];
  readonly verdict: Verdict;
  readonly around: Surroundings;
}

/** Nothing has happened yet. */
export const NO_COURSES: Courses = { closed: [], recoveries: [] };

/** Takes a verdict on: opens, grows or closes the incident, and decides about it when that is due. */
export function follow(setup: ReplaySetup, courses: Courses, moment: Moment): Courses {
  const { verdict, now, signals } = moment;
  const { open, closed } = courses;
  if (verdict.kind !== "breached") {
    return open !== undefined && isCleared(open.incident, signals)
      ? { closed: [...closed, ended(open.incident, now)], recoveries: courses.recoveries }
      : courses;
  }
  const course =
    open === undefined
      ? begun(setup, verdict, closed.length, now)
      : { ...open, incident: grown(setup, open.incident, verdict, now) };
  return now < course.decideAt || course.acted
    ? { ...courses, open: course }
    : decided(setup, courses, course.incident, { ...moment, verdict });
}

/** The incidents for people and programs, oldest first. */
export function reportCourses({ open, closed }: Courses): readonly ReplayedIncident[] {
  return [...closed, ...(open === undefined ? [] : [open.incident])].map(reported);
}

function decided(
  setup: ReplaySetup,
  courses: Courses,
  incident: Incident,
  { now, verdict, around }: Moment & { readonly verdict: Breached },
): Courses {
  const { closed, recoveries } = courses;
  const since = incident.graverAt === undefined ? incident.since : verdict.since;
  const past = { incidents: [...closed, incident], recoveries };
  const decision = decide(situationOf(setup, around, past, { now, verdict, since }));
  const { cause, evidence } = verdict.attribution;
  const decisions = isNews(incident.decisions.at(-1), decision)
    ? [...incident.decisions, decision]
    : incident.decisions;
  const acted = decision.kind === "roll-back" || decision.kind === "restart";
  const next = { ...incident, cause, evidence, decisions };
  return {
    closed,
    recoveries: acted ? [...recoveries, recoveryOf(next, decision, deployed(around))] : recoveries,
    open: { incident: next, decideAt: now + (isForNow(decision) ? SOON_MS : AGAIN_MS), acted },
  };
}

function begun(setup: ReplaySetup, verdict: Breached, number: number, now: number): Course {
  const { trigger, tier, since, breaches, attribution } = verdict;
  const incident: Incident = {
    id: `replayed-${number + 1}`,
    trigger,
    tier,
    mode: setup.policy.triggers[trigger].mode,
    since,
    openedAt: now,
    signals: breaches.map((one) => one.signal),
    cause: attribution.cause,
    evidence: attribution.evidence,
    decisions: [],
    plans: [],
  };
  return { incident, decideAt: now + LOOK_MS, acted: false };
}

/** As the daemon's incidents grow: with the signals that joined it; a graver trigger, or one that explains the others, becomes its own. */
function grown(setup: ReplaySetup, incident: Incident, verdict: Breached, now: number): Incident {
  const found = verdict.breaches.map((one) => one.signal);
  const signals = [...new Set([...incident.signals, ...found])];
  if (!isGraver(verdict, incident)) {
    return signals.length === incident.signals.length ? incident : { ...incident, signals };
  }
  const { trigger, tier } = verdict;
  const { mode } = setup.policy.triggers[trigger];
  const graver = tier === incident.tier ? {} : { graverAt: now };
  return { ...incident, trigger, tier, mode, signals, ...graver };
}

function isCleared({ signals: own }: Incident, signals: readonly Signal[]): boolean {
  return signals.filter((one) => own.includes(one.name)).every(isWell);
}

function ended(incident: Incident, at: number): Incident {
  return {
    ...incident,
    closed: { at, outcome: "held", reason: "every signal of the incident is ok again" },
  };
}

function isNews(last: Decision | undefined, next: Decision): boolean {
  return (
    last === undefined ||
    last.kind !== next.kind ||
    blockers(last).join(" ") !== blockers(next).join(" ")
  );
}

function blockers({ guards }: Decision): string[] {
  return guards.flatMap((one) => (one.answer === "block" ? [one.guard] : []));
}

/** What would have been done, as the guards that count it look at it. */
function recoveryOf(incident: Incident, decision: Decision, from: Identity): Recovery {
  const { at, action, services, target } = decision;
  const kind = "restart-service";
  return {
    plan: {
      id: `of-${incident.id}`,
      incident: incident.id,
      scope: action === "restart" ? "service" : "application",
      target,
      from,
      createdAt: at,
      deadline: at,
      configHash: "",
      requestedBy: "policy",
      steps: (services ?? []).map((service) => ({ id: service, kind, phase: "act", service })),
    },
    plannedAt: at,
    attempts: [at],
    steps: [],
    ended: { at, result: "completed", reason: "supposed" },
  };
}

function reported(incident: Incident): ReplayedIncident {
  const { trigger, tier, mode, since, openedAt, signals, cause, evidence, decisions } = incident;
  return {
    trigger,
    tier,
    mode,
    since,
    provenAt: openedAt,
    clearedAt: incident.closed?.at ?? null,
    signals: [...signals],
    cause,
    evidence: [...evidence],
    decisions: decisions.map((decision) => ({
      kind: decision.kind,
      at: decision.at,
      reason: decision.reason,
      blocked: blockers(decision),
    })),
  };
}
