import type { Sample } from "../../src/model/sample.ts";
import type { Probe } from "../../src/observe/probe.ts";
import { createHttpProbe, HttpProbeSettings } from "../../src/observe/probes/http.ts";
import { startSampler } from "../../src/observe/sampler.ts";
import { type Clock, openClock } from "../../src/system/clock.ts";
import { openEventLoop } from "../../src/system/event-loop.ts";
import { openHttp } from "../../src/system/http.ts";
import { quantile } from "./figures.ts";
import { HANGING, type ProbingResult, ProbingTask } from "./probing-task.ts";

/** Runs the sampler and the http probes of `src` in a process of their own, and tells the parent what that took. */
async function probe(task: ProbingTask): Promise<ProbingResult> {
  const clock = openClock();
  const rssBefore = process.memoryUsage.rss();
  const stopping = new AbortController();
  const recorder = recordRuns(clock);
  const probes = probesOf(task, clock).map(recorder.wrap);
  const input = { probes, clock, lag: openEventLoop(clock), onSample: recorder.onSample };
  const sampling = startSampler(input, stopping.signal).catch(() => undefined);
  await clock.sleep(task.warmUpMs, stopping.signal);
  recorder.clear();
  const cpu = process.cpuUsage();
  const begun = clock.monotonic();
  await clock.sleep(task.measureMs, stopping.signal);
  const used = process.cpuUsage(cpu);
  const seconds = (clock.monotonic() - begun) / 1000;
  const rssBytes = process.memoryUsage.rss();
  const { lateMs, healthy } = recorder;
  stopping.abort();
  await sampling;
  return {
    askedPerSecond: (task.probes * 1000) / task.intervalMs,
    healthyPerSecond: healthy() / seconds,
    cpuMsPerRun: (used.user + used.system) / 1000 / lateMs.length,
    coreRatio: (used.user + used.system) / 1e6 / seconds,
    addedBytes: rssBytes - rssBefore,
    lateMs: { p99: quantile(lateMs, 0.99), max: quantile(lateMs, 1) },
  };
}

function probesOf(task: ProbingTask, clock: Clock): readonly Probe[] {
  const http = openHttp(clock);
  const names = Array.from({ length: task.probes }, (_one, place) => `probe ${place}`);
  const targets = [
    ...(task.hangingUrl === undefined ? [] : [{ name: HANGING, url: task.hangingUrl }]),
    ...names.map((name) => ({ name, url: task.url })),
  ];
  return targets.map(({ name, url }) => {
    const interval = `${task.intervalMs}ms`;
    return createHttpProbe(name, HttpProbeSettings.parse({ kind: "http", url, interval }), {
      http,
    });
  });
}

/** Notes for each run of a probe that does not hang how long after it was due it began. */
function recordRuns(clock: Clock): {
  readonly lateMs: number[];
  readonly healthy: () => number;
  readonly wrap: (probe: Probe) => Probe;
  readonly onSample: (sample: Sample) => void;
  readonly clear: () => void;
} {
  const lateMs: number[] = [];
  const begunAt = new Map<string, number>();
  let healthy = 0;
  return {
    lateMs,
    healthy: () => healthy,
    wrap: (one) => ({
      ...one,
      sample: async (signal) => {
        begunAt.set(one.signal, clock.now());
        return one.sample(signal);
      },
    }),
    onSample: ({ signal, at, tookMs, reading }) => {
      if (signal !== HANGING) {
        // Of a run that was left out because it would have begun too late, only the end is known.
        lateMs.push((begunAt.get(signal) ?? at + tookMs) - at);
        healthy += reading.kind === "measured" && reading.value === 0 ? 1 : 0;
        begunAt.delete(signal);
      }
    },
    clear: () => {
      lateMs.length = 0;
      healthy = 0;
    },
  };
}

const result = await probe(ProbingTask.parse(JSON.parse(process.argv[2] ?? "")));
process.send?.(result, () => process.exit());
