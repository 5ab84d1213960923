import { assertNever } from "../model/assert-never.ts";
import type { Reading } from "../model/sample.ts";
import { tellDays, tellDuration } from "../model/units.ts";
import type { Clock } from "../system/clock.ts";
import type { Amcheck, AmcheckAnswer } from "../system/postgres-amcheck.ts";

/** What pg_amcheck is run with; the address is absent when no database is configured. */
export interface CorruptionPorts {
  readonly clock: Clock;
  readonly amcheck: Amcheck;
  readonly databaseUrl?: string | undefined;
}

/** So long after a run that found nothing out, such as one that gave way, it is tried again. */
const RETRY_MS = 15 * 60_000;
/** What a program gets beside its deadline to end in; it may be run a second time, to confirm what it found. */
const GRACE_MS = 5000;
const RUNS = 2;
const HOUR_MS = 60 * 60_000;

/** What pg_amcheck says; between two runs its last answer, with its age. */
export function createCorruptionReader(
  { every, timeout }: { readonly every: number; readonly timeout: number },
  { clock, amcheck, databaseUrl }: CorruptionPorts,
): (signal: AbortSignal) => Promise<Reading> {
  let last: { readonly reading: Reading; readonly at: number; readonly until: number } | undefined;

  return async (signal) => {
    if (databaseUrl === undefined) {
      return { kind: "absent", reason: "no-metrics", detail: "no database is configured" };
    }
    if (last !== undefined && clock.monotonic() < last.until) {
      const { reading, at } = last;
      return { ...reading, detail: `${reading.detail}, ${tellAge(clock.monotonic() - at)} ago` };
    }
    const order = { url: databaseUrl, deadlineMs: Math.max(1, timeout / RUNS - GRACE_MS) };
    const reading = readingOf(await amcheck.check(order, signal));
    const at = clock.monotonic();
    const lastsMs = reading.kind === "measured" ? every : Math.min(every, RETRY_MS);
    last = { reading, at, until: at + lastsMs };
    return reading;
  };
}

function readingOf(answer: AmcheckAnswer): Reading {
  switch (answer.kind) {
    case "sound":
      return { kind: "measured", value: 0, detail: "pg_amcheck found nothing" };
    case "corrupt": {
      const detail = `pg_amcheck found damage twice in ${answer.damaged.slice(0, 5).join(", ")}: ${answer.detail}`;
      return { kind: "measured", value: 1, detail };
    }
    case "unknown": {
      const reason = answer.why === "rights" ? "credentials" : "no-metrics";
      return { kind: "absent", reason, detail: answer.detail };
    }
    default:
      return assertNever(answer);
  }
}

function tellAge(ms: number): string {
  return ms < HOUR_MS ? tellDuration(ms) : tellDays(ms);
}
