import type { Recorded } from "../../src/model/recording.ts";
import type { Counts } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import { FAULT, type Profile } from "./profile.ts";
import type { Random } from "./random.ts";
import { readerOf, type Seen } from "./readings.ts";
import type { Watched } from "./shipped.ts";

/**
 * Of a quiet signal of single samples one in so many is given at the least: a good sample says nothing that the one before did
 * not, and an accident is as many times as likely in it.
 */
const KEPT = 60;
/** The samples right before a second in which anything is wrong are given. */
const BEFORE = 3;
/** Good samples after a bad one that are all given: what ends a breach is counted. */
const RECOVERING = 12;
/** So many windows are given after two in a row that may be bad, and one after a single one. */
const RECOVERING_WINDOWS = 8;
/** Signals do not all begin in the same moment. */
const APART_S = 5;

/** The samples of one signal, in order. */
export interface Stream {
  /** The second of the next sample; Infinity after the last. */
  moment(): number;
  /** The next sample, which is then gone. */
  pop(): Recorded;
}

/** What all streams of a history share. */
interface Course {
  readonly profile: Profile;
  /** For each second the next one in which some single sample may be bad. */
  readonly nextBusy: Int32Array;
  /** The wall clock at a second. */
  readonly clock: (second: number) => number;
}

interface Sampled {
  readonly second: number;
  readonly seen: Seen;
}

type Sampler = () => Sampled | undefined;

/** A stream that leaves out what cannot make a difference: see the constants above. */
export function openStream(watched: Watched, course: Course, random: Random): Stream {
  const { rule } = watched;
  const sample = samplerOf(watched, course, random);
  const next = isSkippable(rule) ? throughWindows(rule, course, sample) : sample;
  let head = next();
  return {
    moment: () => head?.second ?? Infinity,
    pop: () => {
      if (head === undefined) {
        throw new Error(`${rule.name} has no more samples`);
      }
      const { second, seen } = head;
      head = next();
      const { isBad: _isBad, ...reading } = seen;
      return { kind: "sample", signal: rule.name, at: course.clock(second), ...reading };
    },
  };
}

/** For each second the next one, itself included, in which some single sample may be bad; the end where there is none. */
export function busySeconds({ seconds, faults, memory, connections, bad }: Profile): Int32Array {
  const silent = FAULT.noMetrics | FAULT.noPrometheus | FAULT.throttled;
  const next = new Int32Array(seconds);
  let busy = seconds;
  for (let second = seconds - 1; second >= 0; second -= 1) {
    const isFull = (memory[second] ?? 0) > 0.9 || (connections[second] ?? 0) > 0.9;
    const isAskedFor = bad.some(({ from, to }) => second >= from && second < to);
    busy = isFull || isAskedFor || ((faults[second] ?? 0) & ~silent) !== 0 ? second : busy;
    next[second] = busy;
  }
  return next;
}

/** The first sample after a standstill is void, as the sampler has it. */
const COUNTED_MEANWHILE: Seen = { absent: "watcher-lagging", tookMs: 20, isBad: true };

function samplerOf(watched: Watched, { profile, nextBusy }: Course, random: Random): Sampler {
  const { rule } = watched;
  const intervalS = rule.intervalMs / 1000;
  const confirmS = (rule.confirm?.everyMs ?? rule.intervalMs) / 1000;
  const isThinned = rule.window.kind === "last" && isPlain(rule);
  const read = readerOf(watched, profile, random.fork());
  let next = random.between(0, Math.min(intervalS, APART_S));
  let seenUpTo = 0;
  let standsFor = 1;
  let good = 0;

  /** Goes to the first moment at which rollwatch runs; returns whether it did not before. */
  function passStandstill(): boolean {
    const begun = next;
    while (((profile.faults[Math.floor(next)] ?? 0) & FAULT.suspended) !== 0) {
      next += intervalS;
    }
    return next > begun;
  }

  return () => {
    const wasSuspended = passStandstill();
    if (next >= profile.seconds) {
      return undefined;
    }
    const second = next;
    const whole = Math.floor(second);
    const seen = wasSuspended ? COUNTED_MEANWHILE : read(whole, seenUpTo, standsFor);
    seenUpTo = whole + 1;
    good = seen.isBad ? 0 : good + 1;
    standsFor = isThinned && good > RECOVERING ? skip(next, intervalS, nextBusy) : 1;
    next += seen.isBad && rule.window.kind === "last" ? confirmS : standsFor * intervalS;
    return { second, seen };
  };
}

/** How many intervals a quiet signal may go: not into a second in which anything is wrong, nor near to one. */
function skip(next: number, intervalS: number, nextBusy: Int32Array): number {
  const until = nextBusy[Math.floor(next)] ?? next;
  const free = Math.floor((until - next) / intervalS) - BEFORE;
  return Math.min(KEPT, Math.max(1, free));
}

/** Whether a signal is judged by its newest windows alone. */
function isPlain(rule: SignalRule): boolean {
  return !("baseline" in rule) && !("burnRate" in rule);
}

function isSkippable(rule: SignalRule): boolean {
  return rule.window.kind === "span" && rule.test.kind === "share" && isPlain(rule);
}

/** Leaves out windows that are good for certain: their only effect is that no run goes on, and so has their absence. */
function throughWindows(rule: SignalRule, { clock }: Course, sample: Sampler): Sampler {
  const spanMs = rule.window.kind === "span" ? rule.window.ms : 1;
  let given: Sampled[] = [];
  let ahead = sample();
  let inRow = 0;
  let recovering = 0;

  function window(): Sampled[] {
    const own: Sampled[] = [];
    const cell = ahead === undefined ? 0 : Math.floor(clock(ahead.second) / spanMs);
    while (ahead !== undefined && Math.floor(clock(ahead.second) / spanMs) === cell) {
      own.push(ahead);
      ahead = sample();
    }
    return own;
  }

  function isGiven(samples: readonly Sampled[]): boolean {
    const requests = requestsIn(samples);
    const may = mayBeBad(rule, requests);
    inRow = may ? inRow + 1 : 0;
    if (may) {
      recovering = Math.max(recovering, inRow > 1 ? RECOVERING_WINDOWS : 2);
    } else if (requests.total >= rule.minSamples) {
      // A window without an answer ends no breach, so it does not count.
      recovering -= 1;
    }
    return recovering > 0;
  }

  return () => {
    while (given.length === 0 && ahead !== undefined) {
      const samples = window();
      given = isGiven(samples) ? samples : [];
    }
    return given.shift();
  };
}

/** Whether more of a window's requests are bad than may be, or too few are there for a share. */
function mayBeBad({ test, minSamples }: SignalRule, { bad, total }: Counts): boolean {
  const allowed = test.kind === "share" ? test.allowed : 0;
  return bad > 0 && (total < minSamples || bad > allowed * total);
}

function requestsIn(samples: readonly Sampled[]): Counts {
  let bad = 0;
  let total = 0;
  for (const { seen } of samples) {
    const own = seen.counts ?? { bad: seen.isBad ? 1 : 0, total: 1 };
    bad += seen.absent === undefined ? own.bad : 0;
    total += seen.absent === undefined ? own.total : 0;
  }
  return { bad, total };
}
