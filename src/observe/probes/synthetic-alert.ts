import { messageOf } from "../../model/failure.ts";
import type { Reading } from "../../model/sample.ts";
import type { Apart } from "../apart.ts";
import { cleanUp } from "../clean-up.ts";
import type { Mark, Marks } from "../marks.ts";
import type { Probe } from "../probe.ts";
import { postAndWait, type SyntheticPorts } from "../synthetic-run.ts";
import type { SyntheticAlertProbeSettings } from "../synthetic-settings.ts";

/** What the probe works with. */
export interface SyntheticAlertProbePorts extends SyntheticPorts {
  /** Absent where nothing may be changed: then nothing is posted. */
  readonly marks?: Marks | undefined;
  /** Absent where nobody makes snapshots of the database. */
  readonly apart?: Apart | undefined;
  /** Told when what a run made could not be deleted. */
  readonly onLeft?: ((signal: string, reason: string) => void) | undefined;
}

/** So long after its posting a reading, or its alert, may still come into being: then it is cleaned up a last time. */
const LATE_MS = 2 * 60_000;

/**
 * A probe of the way of an alarm. Of each run:
 *
 * States: marked (on the disk, synced) -> tried (the clean-up works) -> posted -> cleaned up -> forgotten, at once when its alert
 * came, else when it is too old for anything to come late. What a killed rollwatch left marked is cleaned up by the first run of the next one. While something
 * is left, nothing more is posted.
 */
export function createSyntheticAlertProbe(
  name: string,
  settings: SyntheticAlertProbeSettings,
  ports: SyntheticAlertProbePorts,
): Probe {
  const { marks, apart } = ports;
  const runApart = keptApart(run, apart);
  const cleaner =
    marks === undefined ? undefined : createCleaner(name, settings, { ...ports, marks });

  async function run(by: Cleaner, signal: AbortSignal): Promise<Reading> {
    const mark = await by.make();
    const cannot = await by.clean(mark);
    if (cannot !== undefined) {
      await by.forget(mark);
      return absent(`nothing was posted, since it could not be deleted again: ${cannot}`);
    }
    const outcome = await postAndWait(settings, mark.mark, ports, signal).catch(
      (error: unknown): Thrown => ({ error }),
    );
    const left = await by.clean(mark);
    if ("error" in outcome) {
      throw outcome.error;
    }
    if (left !== undefined) {
      return uncleaned(left);
    }
    if (outcome.settled) {
      await by.forget(mark);
    }
    return outcome.reading;
  }

  return {
    signal: name,
    kind: settings.kind,
    intervalMs: settings.interval,
    timeoutMs: settings.timeout,
    sample: async (signal) => {
      signal.throwIfAborted();
      if (cleaner === undefined) {
        const detail = "not tried: only the running daemon posts readings, and cleans them up";
        return absent(detail);
      }
      const left = await cleaner.sweep();
      return left === undefined ? runApart(cleaner, signal) : uncleaned(left);
    },
  };
}

type Run = (by: Cleaner, signal: AbortSignal) => Promise<Reading>;

/** The same run, but while a snapshot is made. */
function keptApart(run: Run, apart: Apart | undefined): Run {
  let last: Reading | undefined;
  return async (by, signal) => {
    const reading = await (apart === undefined
      ? run(by, signal)
      : apart.post(async () => run(by, signal)));
    last = reading ?? last;
    return reading ?? heldBack(last);
  };
}

/** A good alarm is supposed to be good still; of a bad one nothing is proven. */
function heldBack(last: Reading | undefined): Reading {
  const why = "nothing is posted while a snapshot of the database is made";
  return last?.kind === "measured" && last.value === 0
    ? { ...last, detail: `${why}; before that: ${last.detail}` }
    : absent(why);
}

/** Of one signal: makes marks, and cleans up what they stand for. */
interface Cleaner {
  make(): Promise<Mark>;
  /** Why something may be left, if it may. */
  clean(mark: Mark): Promise<string | undefined>;
  forget(mark: Mark): Promise<void>;
  /** What earlier runs, and a rollwatch that was killed, may have left; why that is still so, if it is. */
  sweep(): Promise<string | undefined>;
}

function createCleaner(
  name: string,
  settings: SyntheticAlertProbeSettings,
  ports: SyntheticAlertProbePorts & { readonly marks: Marks },
): Cleaner {
  const { marks, clock, onLeft } = ports;
  /** Those of which this process has deleted everything that was there. */
  const cleaned = new Set<string>();

  async function clean(mark: Mark): Promise<string | undefined> {
    const left = await cleanUp(settings.cleanUp, mark.mark, ports).catch(messageOf);
    if (left === undefined) {
      cleaned.add(mark.mark);
    } else {
      cleaned.delete(mark.mark);
      onLeft?.(name, left);
    }
    return left;
  }

  async function forget(mark: Mark): Promise<void> {
    await marks.forget(name, mark);
    cleaned.delete(mark.mark);
  }

  async function sweep(): Promise<string | undefined> {
    for (const mark of await marks.list(name)) {
      const isLate = clock.now() - mark.at >= LATE_MS;
      const left = isLate || !cleaned.has(mark.mark) ? await clean(mark) : undefined;
      if (left !== undefined) {
        return left;
      }
      if (isLate) {
        await forget(mark);
      }
    }
    return undefined;
  }

  return { make: async () => marks.make(name), clean, forget, sweep };
}

interface Thrown {
  readonly error: unknown;
}

function uncleaned(left: string): Reading {
  return absent(`what a synthetic reading made could not be deleted, no other is posted: ${left}`);
}

function absent(detail: string): Reading {
  return { kind: "absent", reason: "no-metrics", detail };
}
