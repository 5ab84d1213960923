import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../../lab/lab.ts";
import type { Pace } from "../detection/cases.ts";
import { programsOfPeers } from "../detection/measure.ts";
import { startMonit } from "../detection/monit.ts";
import type { Observer } from "../detection/observer.ts";
import { startPrometheusStack } from "../detection/prometheus.ts";
import { startRollwatch } from "../detection/rollwatch.ts";
import { startTarget } from "../detection/target.ts";
import { type Arrivals, latenessOf, openArrivals } from "./arrivals.ts";
import { quantile } from "./figures.ts";
import { cpuSecondsBelow, memoryOf } from "./processes.ts";

/** One watcher over one stretch of time. */
export interface BesideStretch {
  /** Of all its processes. */
  readonly rssBytes: number;
  readonly coreRatio: number;
  /** Questions that reached the addresses which always answer. */
  readonly questions: number;
  readonly cpuMsPerQuestion: number;
  /** By how much a question came later than the interval after the one before. */
  readonly lateMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** A watcher's stretches: while every address answers, and while one of them hangs. */
export interface BesideResult {
  readonly name: string;
  readonly answering: readonly BesideStretch[];
  readonly hanging: readonly BesideStretch[];
}

const PACE: Pace = { intervalMs: 2000, badProbes: 3, timeoutMs: 1500 };
const SETTLE_MS = 20_000;
const STRETCH_MS = 40_000;
/** Until an address that hangs, or answers again, is so for everybody. */
const CHANGE_MS = 5000;

interface Watching {
  readonly observer: Observer;
  readonly arrivals: Arrivals;
}

/** rollwatch, monit, and blackbox_exporter with Prometheus and Alertmanager, all at the same time with the same probes on addresses of their own. */
export async function measureBeside(
  lab: Lab,
  rounds: number,
  tell: (line: string) => void,
): Promise<readonly BesideResult[]> {
  const watching = await setStage(lab);
  const results = watching.map(({ observer }) => ({
    name: observer.name,
    answering: new Array<BesideStretch>(),
    hanging: new Array<BesideStretch>(),
  }));
  await sleep(SETTLE_MS);
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of ["answering", "hanging"] as const) {
      for (const { arrivals } of watching) {
        arrivals.hang(kind === "hanging");
      }
      await sleep(CHANGE_MS);
      const stretches = await Promise.all(watching.map(stretchOf));
      for (const [place, stretch] of stretches.entries()) {
        results[place]?.[kind].push(stretch);
      }
      tell(`round ${round} of ${rounds}, beside others: every address ${kind}`);
    }
  }
  return results;
}

async function setStage(lab: Lab): Promise<readonly Watching[]> {
  const programs = await programsOfPeers(lab);
  const target = await startTarget(lab);
  const starts = [
    async (watch: Watch) => startRollwatch(lab, watch),
    async (watch: Watch) => startMonit(lab, programs.monit, watch),
    async (watch: Watch) => startPrometheusStack(lab, programs, watch),
  ];
  const watching: Watching[] = [];
  for (const start of starts) {
    const arrivals = await openArrivals(lab);
    const { addresses } = arrivals;
    watching.push({ arrivals, observer: await start({ target, pace: PACE, addresses }) });
  }
  return watching;
}

type Watch = Parameters<typeof startMonit>[2];

async function stretchOf({ observer, arrivals }: Watching): Promise<BesideStretch> {
  const { pids } = observer;
  arrivals.clear();
  const [begun, cpu] = [performance.now(), await cpuSecondsBelow(pids)];
  await sleep(STRETCH_MS);
  const times = arrivals.times();
  const cpuSeconds = (await cpuSecondsBelow(pids)) - cpu;
  const seconds = (performance.now() - begun) / 1000;
  const questions = times.reduce((sum, one) => sum + one.length, 0);
  const late = times.flatMap((one) => latenessOf(one, PACE.intervalMs));
  const memory = await Promise.all(pids.map(memoryOf));
  return {
    rssBytes: memory.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    coreRatio: cpuSeconds / seconds,
    questions,
    cpuMsPerQuestion: (cpuSeconds * 1000) / questions,
    lateMs: { p50: quantile(late, 0.5), p99: quantile(late, 0.99), max: quantile(late, 1) },
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}
