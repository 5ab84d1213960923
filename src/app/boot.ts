import type { Boot, Clock } from "../system/clock.ts";
import type { Daemon } from "./daemon.ts";

/** Less than this is not worth a word: a time server may have moved the clock in small steps while rollwatch ran. */
const SET_MEANWHILE_MS = 60_000;

/** The run of the machine with what the wall clock shows beyond its own time, as a start is recorded; nothing where unknown. */
export function bootOf(clock: Clock): {
  readonly boot?: { readonly id: string; readonly offset: number };
} {
  const boot = clock.boot();
  return boot === undefined ? {} : { boot: { id: boot.id, offset: offsetOf(clock, boot) } };
}

/** Notes that the wall clock was set while rollwatch did not run, as far as the machine was not started anew since. */
export function noteSetMeanwhile({ journal, world, log }: Daemon): void {
  const known = journal.history().boot;
  const boot = world.clock.boot();
  if (known === undefined || boot === undefined || boot.id !== known.id) {
    return;
  }
  const byMs = offsetOf(world.clock, boot) - known.offset;
  if (Math.abs(byMs) >= SET_MEANWHILE_MS) {
    journal.record({ kind: "clock-set", byMs });
    log.warn({ byMs }, "the clock was set while rollwatch did not run");
  }
}

function offsetOf(clock: Clock, { ms }: Boot): number {
  return Math.round(clock.now() - ms);
}
