import { assertNever } from "../model/assert-never.ts";
import { Failure } from "../model/failure.ts";
import type { Reading } from "../model/sample.ts";
import type { Clock } from "../system/clock.ts";
import type { Pm2 } from "../system/pm2.ts";

/** pm2, and how long it may take to answer. */
export interface Asking {
  readonly pm2: Pm2;
  readonly clock: Pick<Clock, "deadline">;
  readonly timeoutMs: number;
}

/** Makes a reading of what pm2 answers; a pm2 that does not is no measurement. */
export async function askPm2<T>(
  { pm2, clock, timeoutMs }: Asking,
  ask: (signal: AbortSignal) => Promise<T>,
  readingOf: (answer: T) => Reading,
  signal: AbortSignal,
): Promise<Reading> {
  const deadline = clock.deadline(timeoutMs, signal);
  try {
    return readingOf(await ask(deadline));
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      return absent("pm2-hung", "pm2 did not answer in time");
    }
    if (error instanceof Failure && error.code === "pm2-unreachable") {
      return whyUnreachable(pm2, error, signal);
    }
    throw error;
  }
}

async function whyUnreachable(pm2: Pm2, error: Failure, signal: AbortSignal): Promise<Reading> {
  const daemon = await pm2.daemon(signal);
  switch (daemon.kind) {
    case "dead":
      return absent("pm2-dead", daemon.reason);
    case "hung":
    case "doubled":
      return absent("pm2-hung", daemon.reason);
    case "alive":
      return absent("pm2-hung", error.message);
    default:
      return assertNever(daemon);
  }
}

function absent(reason: "pm2-dead" | "pm2-hung", detail: string): Reading {
  return { kind: "absent", reason, detail };
}
