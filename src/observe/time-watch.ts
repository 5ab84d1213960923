import { type Clock, isClockSet, offsetOf } from "../system/clock.ts";
import type { EventLoop } from "../system/event-loop.ts";

/** Longer than this rollwatch was not merely busy: it was stopped, or the machine was. */
const STANDSTILL_MS = 1500;

/** What makes everything that was measured before doubtful. */
export type TimeEvent =
  | { readonly kind: "stood-still"; readonly ms: number }
  /** The wall clock was set, forward or back. */
  | { readonly kind: "clock-set"; readonly byMs: number };

/** Whether time went by as it should. */
export interface TimeWatch {
  /** What happened since the last look; looking twice tells nothing twice. */
  look(): readonly TimeEvent[];
  /** Notes whether the clock was set; the next look tells it. */
  noteClock(): void;
  close(): void;
}

/** A watch that begins now. `onSet` is told of every setting of the clock before anybody else is. Default: nobody is. */
export function openTimeWatch(
  clock: Clock,
  eventLoop: EventLoop,
  onSet: (byMs: number) => void = ignore,
): TimeWatch {
  const loop = eventLoop.watch();
  let offset = offsetOf(clock);
  let sets: readonly TimeEvent[] = [];

  function lookAtLoop(): readonly TimeEvent[] {
    const ms = loop.takeLagMs();
    return ms > STANDSTILL_MS ? [{ kind: "stood-still", ms }] : [];
  }

  function noteClock(): void {
    const byMs = offsetOf(clock) - offset;
    if (isClockSet(clock, offset)) {
      onSet(byMs);
      sets = [...sets, { kind: "clock-set", byMs }];
    }
    // Small steps add up to no setting: each look begins from the last one.
    offset += byMs;
  }

  return {
    noteClock,
    look: () => {
      noteClock();
      const events = [...lookAtLoop(), ...sets];
      sets = [];
      return events;
    },
    close: () => loop.close(),
  };
}

function ignore(): void {
  // Who only looks.
}
