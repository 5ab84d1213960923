import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster } from "../../lab/cluster.ts";
import type { Lab } from "../../lab/lab.ts";
import { type RadiationSystem, startRadiationSystem } from "../../lab/radiation-system.ts";
import { startWatcher, type Watcher } from "../../lab/watcher.ts";
import { startWebhookReceiver } from "../../lab/webhook-receiver.ts";
import { type Door, openDoor } from "./door.ts";
import { quantile } from "./figures.ts";
import { loadFor } from "./load.ts";
import { cpuSecondsBelow, memoryOf, type Memory } from "./processes.ts";

/** The daemon over one stretch of time. */
export interface DaemonStretch extends Memory {
  readonly heapUsedBytes: number;
  /** Of the daemon and the programs it ran, as a share of one core. */
  readonly coreRatio: number;
  readonly requestsPerMinute: number;
  readonly connectionsPerMinute: number;
}

/** The application over one stretch of time, under load. */
export interface ApplicationStretch {
  /** Of its services, its pm2 and its PostgreSQL, as a share of one core. */
  readonly coreRatio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the rounds showed. */
export interface WatchingResult {
  readonly idle: readonly DaemonStretch[];
  readonly loaded: readonly DaemonStretch[];
  readonly alone: readonly ApplicationStretch[];
  readonly watched: readonly ApplicationStretch[];
}

const PER_SECOND = 20;
const STRETCH_SECONDS = 30;
/** From the start until the good release is proven, captured and ready. */
const SETTLE_MS = 45_000;
/** After a stop or a start, before the application is measured. */
const PAUSE_MS = 10_000;

interface Stage {
  readonly system: RadiationSystem;
  readonly watcher: Watcher;
  readonly doors: readonly Door[];
  /** The application's pm2 and its PostgreSQL. */
  readonly application: readonly number[];
}

/** Watches the example with the shipped configuration, idle and under load; then the example alone and watched, in turn. */
export async function measureWatching(
  lab: Lab,
  rounds: number,
  tell: (line: string) => void,
): Promise<WatchingResult> {
  const stage = await setStage(lab);
  await sleep(SETTLE_MS);
  const idle: DaemonStretch[] = [];
  const loaded: DaemonStretch[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    idle.push(await stretchOfDaemon(stage, sleep(STRETCH_SECONDS * 1000)));
    loaded.push(await stretchOfDaemon(stage, load(stage)));
    tell(`round ${round} of ${rounds}: watched idle and with ${PER_SECOND} requests a second`);
  }
  const alone: ApplicationStretch[] = [];
  const watched: ApplicationStretch[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await switchWatcher(stage, "stop");
    alone.push(await stretchOfApplication(stage));
    await switchWatcher(stage, "start");
    watched.push(await stretchOfApplication(stage));
    tell(`round ${round} of ${rounds}: the application alone and watched`);
  }
  return { idle, loaded, alone, watched };
}

async function setStage(lab: Lab): Promise<Stage> {
  const system = await startRadiationSystem(lab, await startCluster(lab));
  const api = await openDoor(lab, portOf(system.api));
  const socket = await openDoor(lab, portOf(system.webSocket));
  const seen = {
    ...system,
    api: `http://127.0.0.1:${api.port}`,
    webSocket: `ws://127.0.0.1:${socket.port}`,
  };
  const webhook = await startWebhookReceiver(lab);
  const watcher = await startWatcher(lab, seen, { bake: "10s", webhook });
  const pidFiles = [
    path.join(system.pm2.folder, "pm2.pid"),
    path.join(lab.folder, "postgres", "data", "postmaster.pid"),
  ];
  const texts = await Promise.all(pidFiles.map(async (file) => readFile(file, "utf8")));
  const application = texts.map((text) => Number.parseInt(text, 10));
  return { system, watcher, doors: [api, socket], application };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

async function load({ system }: Stage): Promise<readonly number[]> {
  return loadFor(system.api, { perSecond: PER_SECOND, seconds: STRETCH_SECONDS });
}

async function stretchOfDaemon(stage: Stage, stretch: Promise<unknown>): Promise<DaemonStretch> {
  const { watcher, doors } = stage;
  const pid = await watcher.pid();
  if (pid === undefined) {
    throw new Error(`rollwatch does not run\n${await watcher.log()}`);
  }
  const before = { at: performance.now(), cpu: await cpuSecondsBelow([pid]), ...countOf(doors) };
  await stretch;
  const seconds = (performance.now() - before.at) / 1000;
  const cpu = await cpuSecondsBelow([pid]);
  const after = countOf(doors);
  const memory = await memoryOf(pid);
  return {
    ...memory,
    heapUsedBytes: await heapUsedOf(watcher),
    coreRatio: (cpu - before.cpu) / seconds,
    requestsPerMinute: ((after.requests - before.requests) / seconds) * 60,
    connectionsPerMinute: ((after.connections - before.connections) / seconds) * 60,
  };
}

function countOf(doors: readonly Door[]): {
  readonly requests: number;
  readonly connections: number;
} {
  return {
    requests: doors.reduce((sum, one) => sum + one.requests(), 0),
    connections: doors.reduce((sum, one) => sum + one.connections(), 0),
  };
}

async function heapUsedOf(watcher: Watcher): Promise<number> {
  const answer = await fetch(`${watcher.url}/metrics`);
  const found = /^rollwatch_nodejs_heap_size_used_bytes(?:\{.*\})? (\S+)$/mu.exec(
    await answer.text(),
  );
  return Number(found?.[1]);
}

async function stretchOfApplication(stage: Stage): Promise<ApplicationStretch> {
  const begun = performance.now();
  const before = await cpuSecondsBelow(stage.application);
  const times = await load(stage);
  const seconds = (performance.now() - begun) / 1000;
  return {
    coreRatio: ((await cpuSecondsBelow(stage.application)) - before) / seconds,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}

/** `pm2 start` returns when rollwatch watches. */
async function switchWatcher({ watcher }: Stage, command: "start" | "stop"): Promise<void> {
  await watcher.pm2.command([command, "rollwatch"], watcher.pm2.folder);
  await sleep(PAUSE_MS);
}
