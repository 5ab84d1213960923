import { messageOf } from "../model/failure.ts";
import type { AbsenceReason, Reading } from "../model/sample.ts";
import { tellDuration } from "../model/units.ts";
import { withChild } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";
import type { Probe } from "./probe.ts";

/** How much longer than its own timeout a run may take to give in. */
const GRACE_MS = 250;

/** One run of a probe: a reading in any case, also when it throws or does not end in time. Rejects when `signal` aborts. */
export async function sampleInTime(
  { sample, timeoutMs }: Pick<Probe, "sample" | "timeoutMs">,
  clock: Pick<Clock, "deadline">,
  signal: AbortSignal,
): Promise<Reading> {
  const limitMs = timeoutMs + GRACE_MS;
  const tooLong = absent("watcher-lagging", `the run was not over after ${tellDuration(limitMs)}`);

  async function ask(limit: AbortSignal): Promise<Reading> {
    try {
      return await sample(limit);
    } catch (error) {
      return limit.aborted ? tooLong : absent("probe-crashed", messageOf(error));
    }
  }

  const reading = await withChild(signal, async (parent) => {
    const limit = clock.deadline(limitMs, parent);
    return Promise.race([ask(limit), aborted(limit).then(() => tooLong)]);
  });
  signal.throwIfAborted();
  return reading;
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function absent(reason: AbsenceReason, detail: string): Reading {
  return { kind: "absent", reason, detail };
}
