import { blameWindowMsOf, tierOf } from "../decide/policy.ts";
import type { ClockSet } from "../model/history.ts";
import { judge } from "../judge/judge.ts";
import { assertNever } from "../model/assert-never.ts";
import type { Change } from "../model/identity.ts";
import { sampleOf, type Recorded } from "../model/recording.ts";
import type { ReplayedIncident } from "../model/replay.ts";
import type { Sample } from "../model/sample.ts";
import type { Service } from "../model/service.ts";
import type { Signal } from "../model/signal.ts";
import { follow, NO_COURSES, reportCourses } from "./courses.ts";
import {
  controlOf,
  serviceOf,
  unrecordedServices,
  type ReplaySetup,
  type Surroundings,
} from "./situation.ts";

/** The signals' memory, as the daemon has it. */
export interface Watching {
  receive(sample: Sample): void;
  signals(now: number, services: readonly Service[]): readonly Signal[];
  cut(change: Change): void;
  isCalm(): boolean;
  /** What makes everything before it doubtful, from now on. */
  doubt(event: Doubt): void;
}

/** What happened to time itself. */
type Doubt = Extract<Recorded, { readonly kind: "stood-still" | "clock-set" }>;

/** Recorded events go in, in order; what would have fired comes out. */
export interface Replay {
  take(event: Recorded): void;
  /** Every incident up to now, oldest first. */
  incidents(): readonly ReplayedIncident[];
}

/** A replay that has seen nothing yet. Time is what the events say; each sample is judged and decided about as the daemon would. */
export function createReplay(setup: ReplaySetup, watching: Watching): Replay {
  let around: Surroundings = nothingSeen(setup);
  let courses = NO_COURSES;

  function turn(now: number): void {
    if (courses.open === undefined && watching.isCalm()) {
      return;
    }
    const signals = watching.signals(now, around.services);
    const verdict = judge({
      ...around,
      signals,
      tierOf: (trigger) => tierOf(setup.policy, trigger),
      blameWindowMsOf: (trigger) => blameWindowMsOf(setup.policy, trigger),
    });
    courses = follow(setup, courses, { now, signals, verdict, around });
  }

  function take(event: Recorded): void {
    if (event.kind === "sample") {
      watching.receive(sampleOf(event));
      turn(event.at + event.tookMs);
      return;
    }
    around = after(around, event);
    if (event.kind === "services") {
      // Also while all is calm: a stop by a person silences signals from now on.
      watching.signals(event.at, around.services);
    } else if (event.kind === "change") {
      watching.cut(event.change);
    } else if (event.kind === "stood-still" || event.kind === "clock-set") {
      watching.doubt(event);
    }
  }

  return { take, incidents: () => reportCourses(courses) };
}

function nothingSeen(setup: ReplaySetup): Surroundings {
  return { controls: [], services: unrecordedServices(setup), changes: [], clockSets: [] };
}

type Around = Exclude<Recorded, { readonly kind: "sample" }>;

function after(around: Surroundings, event: Around): Surroundings {
  switch (event.kind) {
    case "controls":
      return { ...around, controls: event.controls.map(controlOf) };
    case "services":
      return { ...around, services: event.services.map(serviceOf) };
    case "identity":
      return around.changes.length === 0 ? { ...around, first: event.identity } : around;
    case "change":
      return { ...around, changes: [...around.changes, event.change] };
    case "stood-still":
      return around;
    case "clock-set":
      return { ...around, clockSets: [...around.clockSets, setOf(event, around)] };
    default:
      return assertNever(event);
  }
}

function setOf(
  { at, byMs }: Extract<Recorded, { readonly kind: "clock-set" }>,
  { changes }: Surroundings,
): ClockSet {
  const last = changes.at(-1);
  return { at, byMs, ...(last === undefined ? {} : { lastChangeAt: last.at }) };
}
