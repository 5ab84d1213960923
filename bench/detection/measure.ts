import { randomInt } from "node:crypto";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { programsOf } from "../../lab/debian-programs.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import {
  chooseFaults,
  type FaultCase,
  leastSeconds,
  noiseAt,
  type NoiseCase,
  type Pace,
} from "./cases.ts";
import { startMonit } from "./monit.ts";
import type { Observer } from "./observer.ts";
import { type PrometheusPrograms, startPrometheusStack } from "./prometheus.ts";
import { startRollwatch } from "./rollwatch.ts";
import { startTarget, type Target } from "./target.ts";

/** One fault: seconds until each watcher decided, by its name; null when it had not when the round was over. */
export interface FaultRound {
  readonly decided: Readonly<Record<string, number | null>>;
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** All rounds of one fault. */
export interface FaultResult {
  readonly name: string;
  readonly title: string;
  readonly leastSeconds: number;
  readonly blind: readonly string[];
  readonly rounds: readonly FaultRound[];
}

/** Decisions during a while in which nothing was wrong, by the name of the watcher. */
export interface NoiseResult {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly falseAlarms: Readonly<Record<string, number>>;
}

/** What a run showed. */
export interface DetectionResult {
  readonly pace: Pace;
  readonly watchers: readonly string[];
  readonly faults: readonly FaultResult[];
  readonly noise: readonly NoiseResult[];
}

/** Faults by name (none: all, and noise), and how often each. */
interface Asked {
  readonly names: readonly string[];
  readonly rounds: number;
}

/** Who is told what happens, and which lab there is to clean up. */
interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

/** The pace at which all are compared: rollwatch's defaults. */
const PACE: Pace = { intervalMs: 2000, badProbes: 3, timeoutMs: 1500 };
/** As the manual of rollwatch shows it; of the target no pause longer than the second is called healthy then. */
const CONFIRM = { confirmEvery: "500ms", confirmOver: "2s" };
const LOOK_MS = 200;
/** Who has not decided by then has missed it. */
const FAULT_LIMIT_MS = 30_000;
/** Some heal slowly: a rate looks back, pm2 waits before it starts again. */
const CALM_LIMIT_MS = 120_000;
const NOISE_MS = 60_000;

/** Faults in `rounds` interleaved rounds, all watchers at once on one target; then, unless single cases are asked for, noise. */
export async function measureDetection(
  { names, rounds: count }: Asked,
  how: How,
): Promise<DetectionResult> {
  const faults = chooseFaults(names);
  const lab = await openLab();
  how.opened(lab);
  try {
    const stage = await setStage(lab, PACE);
    await untilCalm(stage);
    const measured = faults.map((one) => ({ one, rounds: new Array<FaultRound>() }));
    for (let round = 1; round <= count; round += 1) {
      for (const { one, rounds } of measured) {
        const result = await playFault(stage, one);
        rounds.push(result);
        how.tell(`round ${round} of ${count}, ${one.name}: ${tellRound(result)}`);
      }
    }
    const noise = names.length > 0 ? [] : await playNoise(stage, how.tell);
    return {
      pace: PACE,
      watchers: stage.observers.map((one) => one.name),
      faults: measured.map(({ one, rounds }) => ({
        name: one.name,
        title: one.title,
        leastSeconds: leastSeconds(one, PACE),
        blind: one.blind,
        rounds,
      })),
      noise,
    };
  } finally {
    for (const left of await lab.end()) {
      how.tell(`left behind: ${left}`);
    }
  }
}

/** The target and everybody who watches it. */
export interface Stage {
  readonly pace: Pace;
  readonly target: Target;
  readonly observers: readonly Observer[];
}

/** Starts the target and its watchers in the lab, at this pace; Debian's programs are unpacked where they are not installed. */
export async function setStage(lab: Lab, pace: Pace): Promise<Stage> {
  const programs = await programsOfPeers(lab);
  const target = await startTarget(lab);
  const watched = { target, pace };
  const observers = [
    await startRollwatch(lab, watched),
    await startRollwatch(lab, { ...watched, name: "rollwatch-confirming", confirm: CONFIRM }),
    await startMonit(lab, programs.monit, watched),
    await startPrometheusStack(lab, programs, watched),
  ];
  return { pace, target, observers };
}

/** The others' programs, by path; unpacked in the lab where they are not installed. */
export async function programsOfPeers(
  lab: Lab,
): Promise<PrometheusPrograms & { readonly monit: string }> {
  return {
    monit: await programOf("monit", "monit", lab),
    blackbox: await programOf("prometheus-blackbox-exporter", "prometheus-blackbox-exporter", lab),
    prometheus: await programOf("prometheus", "prometheus", lab),
    alertmanager: await programOf("prometheus-alertmanager", "prometheus-alertmanager", lab),
  };
}

async function programOf(debianPackage: string, name: string, lab: Lab): Promise<string> {
  const programs = await programsOf(debianPackage, [name], lab.folder);
  return programs[name] ?? name;
}

/** One fault, until everybody who is not blind to it has decided; returns when all are calm again. */
export async function playFault(stage: Stage, one: FaultCase): Promise<FaultRound> {
  const { target, observers, pace } = stage;
  // Nobody's probes shall keep step with the faults.
  await sleep(randomInt(pace.intervalMs));
  const begun = await target.begin({ name: one.name });
  const awaited = observers.filter(({ name }) => !one.blind.some((blind) => name === blind));
  const end = begun + FAULT_LIMIT_MS;
  while (Date.now() < end && !(await haveDecided(awaited, begun))) {
    await sleep(LOOK_MS);
  }
  const firsts = await Promise.all(
    observers.map(async (observer) => [observer.name, await firstSince(observer, begun)] as const),
  );
  await target.heal();
  await untilCalm(stage);
  return { decided: Object.fromEntries(firsts), load: Number((loadavg()[0] ?? 0).toFixed(1)) };
}

async function haveDecided(observers: readonly Observer[], begun: number): Promise<boolean> {
  const firsts = await Promise.all(observers.map(async (one) => firstSince(one, begun)));
  return !firsts.includes(null);
}

async function firstSince(observer: Observer, begun: number): Promise<number | null> {
  const first = (await observer.decisions()).find((at) => at >= begun);
  return first === undefined ? null : (first - begun) / 1000;
}

async function untilCalm({ observers, pace }: Stage): Promise<void> {
  // A decision on the last bad probe may still be on its way, and runs of bad probes must be over for everybody.
  await sleep(pace.intervalMs * pace.badProbes);
  const end = performance.now() + CALM_LIMIT_MS;
  for (;;) {
    const calm = await Promise.all(observers.map(async (one) => one.isCalm()));
    const restless = observers.find((_one, place) => calm[place] !== true);
    if (restless === undefined) {
      return;
    }
    if (performance.now() > end) {
      throw new Error(`${restless.name} does not get calm again\n${await restless.log()}`);
    }
    await sleep(LOOK_MS);
  }
}

async function playNoise(
  stage: Stage,
  tell: (line: string) => void,
): Promise<readonly NoiseResult[]> {
  const results: NoiseResult[] = [];
  for (const one of noiseAt(stage.pace)) {
    const result = await playOneNoise(stage, one);
    results.push(result);
    tell(`noise, ${one.name}: false alarms ${JSON.stringify(result.falseAlarms)}`);
  }
  return results;
}

async function playOneNoise(stage: Stage, one: NoiseCase): Promise<NoiseResult> {
  const { target, observers } = stage;
  const begun = await target.begin(one.behaviour);
  await sleep(NOISE_MS);
  await target.heal();
  await untilCalm(stage);
  const counts = await Promise.all(
    observers.map(async (observer) => {
      const alarms = (await observer.decisions()).filter((at) => at >= begun);
      return [observer.name, alarms.length] as const;
    }),
  );
  const { name, title } = one;
  return { name, title, seconds: NOISE_MS / 1000, falseAlarms: Object.fromEntries(counts) };
}

function tellRound({ decided, load }: FaultRound): string {
  const parts = Object.entries(decided).map(
    ([name, seconds]) => `${name} ${seconds === null ? "never" : `${seconds.toFixed(1)} s`}`,
  );
  return `${parts.join(", ")} (load ${load})`;
}
