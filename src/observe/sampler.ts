import type { AbsenceReason, Reading, Sample } from "../model/sample.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import { withChild } from "../system/abort.ts";
import { type Clock, isClockSet, offsetOf } from "../system/clock.ts";
import type { EventLoop, LoopWatch } from "../system/event-loop.ts";
import { createExtras } from "./extras.ts";
import { openGrid } from "./grid.ts";
import { FULL_PACE, type Pace, paceAfter } from "./pace.ts";
import type { Probe } from "./probe.ts";
import { sampleInTime } from "./sample-in-time.ts";
import type { Wake } from "./wake.ts";

/** How late rollwatch itself may be before what it measured says nothing about the target. */
const MAX_LAG_MS = 200;
/** Longest time between the first runs of two neighbours in the list, so that not all ask in the same moment. */
const APART_MS = 5;

/** Whom to ask, and where the answers go. */
export interface SamplerInput {
  readonly probes: readonly Probe[];
  readonly clock: Clock;
  readonly lag: EventLoop;
  readonly onSample: (sample: Sample) => void;
  /** Told when runs were skipped because the one before took longer than its interval. */
  readonly onMissed?: (signal: string, ticks: number) => void;
  /** Who knows better than the grid when a probe should run. Default nobody. */
  readonly wake?: Wake;
  /** Asked after each run: how long after it a signal that is doubted should be probed again, instead of an interval. Default never. */
  readonly againMs?: (signal: string) => number | undefined;
}

/**
 * Runs every probe on its own fixed grid of times until the signal aborts, then rejects with its reason. A probe never
 * overlaps itself, and none waits for another; a wake-up brings its next run forward, and a doubted signal, or one whose run was void, is probed in between,
 * never more than ten times a minute. While a target asks to be left alone its probe is not run, and nothing extra is asked:
 * those samples are absent as `throttled`.
 */
export async function startSampler(input: SamplerInput, signal: AbortSignal): Promise<void> {
  const { probes } = input;
  await Promise.all(
    probes.map(async (probe, place) => {
      const apartMs = Math.min(APART_MS, probe.intervalMs / probes.length);
      const placed = { probe, afterMs: place * apartMs };
      // A signal of its own: each wait on a signal looks through all others that wait on it.
      await withChild(signal, async (own) => sampleOnGrid(placed, input, own));
    }),
  );
}

/** A probe, and how long after the start its grid of times begins. */
interface Placed {
  readonly probe: Probe;
  readonly afterMs: number;
}

async function sampleOnGrid(
  { probe, afterMs }: Placed,
  input: SamplerInput,
  signal: AbortSignal,
): Promise<never> {
  const { clock, wake } = input;
  const { intervalMs } = probe;
  const watch = input.lag.watch();
  const run = createRun(probe, clock, watch);
  const extras = createExtras(probe, input);
  const grid = openGrid({
    clock,
    signal: probe.signal,
    intervalMs,
    afterMs,
    wake,
    onMissed: (ticks) => input.onMissed?.(probe.signal, ticks),
    onExtra: () => extras.count(),
  });
  let pace: Pace = FULL_PACE;
  let last: Reading | undefined;
  try {
    for (;;) {
      const extraMs = pace === FULL_PACE ? extras.afterMs(last) : undefined;
      const due = await grid.next({ notBefore: pace.notBefore, extraMs }, signal);
      const offset = offsetOf(clock);
      const pauseMs = Math.ceil((pace.notBefore - due) / intervalMs) * intervalMs;
      const isPaused = pauseMs > 0;
      const reading = isPaused ? pausedUntil(due + offset + pauseMs) : await run(due, signal);
      if (!isPaused) {
        pace = paceAfter(pace, reading, { due, endedAt: clock.monotonic(), intervalMs });
      }
      last = reading;
      const times = { at: due + offsetOf(clock), tookMs: clock.monotonic() - due };
      const taken = isClockSet(clock, offset) ? acrossClockSet(reading) : reading;
      const skipped = isPaused ? ({ skipped: true } as const) : {};
      input.onSample({ signal: probe.signal, ...times, reading: taken, ...skipped });
    }
  } finally {
    grid.close();
    watch.close();
  }
}

type Run = (due: number, signal: AbortSignal) => Promise<Reading>;

/** One run after another; while one hangs although it was aborted, none is started. */
function createRun(probe: Probe, clock: Clock, watch: LoopWatch): Run {
  let hanging = false;
  // Whether counters may have counted on while rollwatch stood still.
  let isBehind = false;

  async function ask(limit: AbortSignal): Promise<Reading> {
    hanging = true;
    try {
      return await probe.sample(limit);
    } finally {
      hanging = false;
    }
  }

  return async (due, signal) => {
    if (hanging) {
      return absent("watcher-lagging", "the run before this one has still not ended");
    }
    const lateMs = clock.monotonic() - due;
    watch.takeLagMs();
    isBehind ||= lateMs > probe.intervalMs;
    if (lateMs > MAX_LAG_MS) {
      return absent("watcher-lagging", `rollwatch began ${tellDuration(lateMs)} late`);
    }
    const asked = { timeoutMs: probe.timeoutMs, sample: ask };
    const reading = await sampleInTime(asked, clock, signal);
    const lagMs = watch.takeLagMs();
    if (reading.kind === "absent") {
      // A target's wish to be left alone holds in any case.
      return reading;
    }
    const wasBehind = isBehind;
    isBehind = lagMs > probe.intervalMs;
    if (lagMs > MAX_LAG_MS) {
      return absent("watcher-lagging", `rollwatch itself stood still for ${tellDuration(lagMs)}`);
    }
    return wasBehind && reading.counts !== undefined
      ? absent("watcher-lagging", "it was counted while rollwatch itself stood still")
      : countedFromDue(probe, reading, lateMs);
  };
}

type Measured = Extract<Reading, { kind: "measured" }>;

/** A request that was made late would, made in time, have waited so much longer. */
function countedFromDue(probe: Probe, reading: Measured, lateMs: number): Reading {
  return probe.timesRequests === true
    ? { ...reading, value: reading.value + lateMs / 1000 }
    : reading;
}

/** What began in one time and ended in another was not measured; what is no measurement stays what it is. */
function acrossClockSet(reading: Reading): Reading {
  return reading.kind === "measured"
    ? absent("watcher-lagging", "the clock was set while it was measured")
    : reading;
}

function pausedUntil(at: number): Reading {
  return absent(
    "throttled",
    `it asked us to slow down (429), and is asked again at ${tellTime(at)}`,
  );
}

function absent(reason: AbsenceReason, detail: string): Reading {
  return { kind: "absent", reason, detail };
}
