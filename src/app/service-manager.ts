import { messageOf } from "../model/failure.ts";
import type { Clock } from "../system/clock.ts";
import type { Log } from "../system/log.ts";
import type { ServiceManager } from "../system/service-manager.ts";
import type { Cycles } from "./cycles.ts";

/** The service manager with what it expects. */
export interface Supervision {
  readonly manager: ServiceManager;
  /** After this many milliseconds without a word it ends rollwatch; absent where it does not. */
  readonly watchdogMs?: number;
}

/** What of a daemon's life its service manager is told. */
export interface SupervisionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly cycles: Cycles;
}

/** Words for the service manager, in order; none of them holds the daemon up. */
export interface Supervised {
  /** The first turn was judged. */
  ready(status: string): void;
  /** Says that rollwatch ends, and waits until that is said. */
  stopping(): Promise<void>;
}

/** So many words come in the time after which it would end rollwatch: one may be lost. */
const WORDS_PER_WATCHDOG = 4;

/** Tells the service manager what becomes of the daemon: its watchdog is fed by completed cycles alone. */
export function superviseWith(
  { manager, watchdogMs }: Supervision,
  { clock, log, cycles }: SupervisionParts,
  signal: AbortSignal,
): Supervised {
  let isTelling = false;
  let fedAt = Number.NEGATIVE_INFINITY;
  let last: Promise<void> = Promise.resolve();

  /** One word at a time: the next one waits for its time anyway. */
  async function say(lines: readonly string[], until: AbortSignal): Promise<void> {
    isTelling = true;
    await tell(lines, until);
    isTelling = false;
  }

  async function tell(lines: readonly string[], until: AbortSignal): Promise<void> {
    try {
      if (!(await manager.tell(lines, until))) {
        log.warn({ lines }, "the service manager could not be told");
      }
    } catch (error) {
      if (!until.aborted) {
        log.warn({ lines, error: messageOf(error) }, "the service manager could not be told");
      }
    }
  }

  cycles.onCycle(({ kind }) => {
    const now = clock.monotonic();
    const isDue = watchdogMs !== undefined && now - fedAt >= watchdogMs / WORDS_PER_WATCHDOG;
    if (kind === "completed" && isDue && !isTelling && !signal.aborted) {
      fedAt = now;
      last = say(["WATCHDOG=1"], signal);
    }
  });
  return {
    ready: (status) => {
      last = say(["READY=1", `STATUS=${status}`], signal);
    },
    stopping: async () => {
      await last;
      // The daemon's own signal has aborted; the word has a deadline of its own.
      await say(["STOPPING=1", "STATUS=ending"], new AbortController().signal);
    },
  };
}
