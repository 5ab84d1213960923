import { type Clock, isClockSet, offsetOf } from "../system/clock.ts";
import type { EventLoop } from "../system/event-loop.ts";

/** Longer than this rollwatch was not merely busy: it was stopped, or the machine was. */
const STANDSTILL_MS = 1500;

/** What makes everything that was measured before doubtful. */
export type TimeEvent =
  | { readonly kind: "stood-still"; readonly ms: number }
  /** The wall clock was set, forward or back. */
  | { readonly kind: "clock-set"; readonly byMs: number };

/** A setting of the wall clock; `at` in its new time. */
export interface ClockSet {
  readonly at: number;
  readonly byMs: number;
  /** The newest change of the application that was known then, by the time in which it was noted; absent: none. */
  readonly lastChangeAt?: number;
}

/** Whether time went by as it should. */
export interface TimeWatch {
  /** What happened since the last look; looking twice tells nothing twice. */
  look(): readonly TimeEvent[];
  /** Every setting of the clock that was seen, oldest first, the newest hundred. */
  clockSets(): readonly ClockSet[];
  close(): void;
}

const MOST_SETS = 100;

/** A watch that begins now; `lastChangeAt` says which change of the application is the newest. Default: there is none. */
export function openTimeWatch(
  clock: Clock,
  eventLoop: EventLoop,
  lastChangeAt: () => number | undefined = () => undefined,
): TimeWatch {
  const loop = eventLoop.watch();
  let offset = offsetOf(clock);
  let sets: readonly ClockSet[] = [];

  function lookAtLoop(): readonly TimeEvent[] {
    const ms = loop.takeLagMs();
    return ms > STANDSTILL_MS ? [{ kind: "stood-still", ms }] : [];
  }

  function lookAtClock(): readonly TimeEvent[] {
    const isSet = isClockSet(clock, offset);
    const byMs = offsetOf(clock) - offset;
    // Small steps add up to no setting: each look begins from the last one.
    offset = offsetOf(clock);
    if (!isSet) {
      return [];
    }
    const known = lastChangeAt();
    const set = { at: clock.now(), byMs, ...(known === undefined ? {} : { lastChangeAt: known }) };
    sets = [...sets, set].slice(-MOST_SETS);
    return [{ kind: "clock-set", byMs }];
  }

  return {
    look: () => [...lookAtLoop(), ...lookAtClock()],
    clockSets: () => sets,
    close: () => loop.close(),
  };
}
