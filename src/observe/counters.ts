/** One counter as it stands. `worker` is the process that counts, where a label names it. */
export interface Counter {
  readonly key: string;
  readonly value: number;
  readonly worker?: string;
}

/** How much each counter grew since the look before, by its key; or why that cannot be told. */
export type Growth =
  | { readonly kind: "grown"; readonly by: ReadonlyMap<string, number> }
  | { readonly kind: "unsure"; readonly detail: string };

/**
 * Turns counters that only ever grow into what happened between two looks. A process that is seen for the first time is only
 * remembered: what it counted before says nothing about now. Where a label names the worker, a counter that went down means
 * that the worker began anew, and all of its counters count from 0. Without one it means that several processes answer in turn,
 * or that one was lost from a sum: then nothing is told for a while.
 */
export interface Counters {
  /** `process` tells the processes apart that answer in turn, such as their time of starting. */
  grow(counters: readonly Counter[], process: string): Growth;
}

/** Looks without an answer after counters went down for no reason. */
const UNSURE_LOOKS = 6;
/** Processes that are remembered; the one not seen for the longest time is forgotten first. */
const MAX_PROCESSES = 64;
/** Series of one process beyond which those that are gone are forgotten. */
const MAX_SERIES = 20_000;

type Values = ReadonlyMap<string, number>;

/** A memory that has seen nothing yet. */
export function createCounters(): Counters {
  const past = new Map<string, Values>();
  let unsure = 0;

  function remember(name: string, now: Values): void {
    const before = past.get(name);
    const isSmall = before !== undefined && before.size + now.size <= MAX_SERIES;
    past.delete(name);
    past.set(name, isSmall ? new Map([...before, ...now]) : now);
    for (const oldest of past.keys()) {
      if (past.size <= MAX_PROCESSES) {
        break;
      }
      past.delete(oldest);
    }
  }

  return {
    grow: (counters, process) => {
      const by = new Map<string, number>();
      unsure = Math.max(0, unsure - 1);
      for (const [name, { now, isNamed }] of processesOf(counters, process)) {
        const before = past.get(name);
        const wentDown = before !== undefined && hasShrunk(before, now);
        if (wentDown) {
          past.delete(name);
          unsure = isNamed ? unsure : UNSURE_LOOKS;
        }
        if (before !== undefined) {
          addGrowth(by, now, wentDown ? new Map() : before);
        }
        remember(name, now);
      }
      return unsure === 0
        ? { kind: "grown", by }
        : {
            kind: "unsure",
            detail:
              "its counters went down: do several processes answer in turn? A label `worker` tells them apart",
          };
    },
  };
}

interface Process {
  readonly now: Map<string, number>;
  readonly isNamed: boolean;
}

/** The counters by who counts; the process that answered is there even when it has not counted anything yet. */
function processesOf(counters: readonly Counter[], process: string): ReadonlyMap<string, Process> {
  const found = new Map<string, Process>();
  const unnamed = `process ${process}`;
  if (counters.every((one) => one.worker === undefined)) {
    found.set(unnamed, { now: new Map(), isNamed: false });
  }
  for (const { key, value, worker } of counters) {
    const name = worker === undefined ? unnamed : `worker ${worker}`;
    const known = found.get(name) ?? { now: new Map(), isNamed: worker !== undefined };
    known.now.set(key, value);
    found.set(name, known);
  }
  return found;
}

function addGrowth(by: Map<string, number>, now: Values, before: Values): void {
  for (const [key, value] of now) {
    by.set(key, (by.get(key) ?? 0) + value - (before.get(key) ?? 0));
  }
}

function hasShrunk(before: Values, now: Values): boolean {
  for (const [key, value] of now) {
    if (value < (before.get(key) ?? 0)) {
      return true;
    }
  }
  return false;
}
