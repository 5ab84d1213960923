import type { UpstreamSettings } from "../model/application.ts";
import type { Control, ControlName } from "../model/control.ts";
import { messageOf } from "../model/failure.ts";
import { tellDuration } from "../model/units.ts";
import type { Clock } from "../system/clock.ts";
import { type Echo, openEcho } from "../system/echo.ts";
import type { EventLoop } from "../system/event-loop.ts";
import type { Files } from "../system/files.ts";
import type { Http } from "../system/http.ts";
import type { Memory } from "../system/memory.ts";
import type { Pm2 } from "../system/pm2.ts";
import type { HostNames } from "../system/host-names.ts";
import type { Database } from "../system/postgres.ts";
import { askNames, askUpstreams } from "./dependencies.ts";
import { createDatabaseControl } from "./database-control.ts";
import { askNeighbours } from "./neighbours.ts";
import { openOutages } from "./outages.ts";
import { politeHttp } from "./polite.ts";

/** Longest time a control may take. */
const TIMEOUT_MS = 2000;
/** Usual time between two rounds. */
const ROUND_MS = 5000;
const MAX_LAG_MS = 200;
const MIN_FREE_BYTES = 64 * 1024 * 1024;

/** The questions about everything but the application. */
export interface Controls {
  /** All controls, asked at the same time, in the order of their names in the model. */
  ask(signal: AbortSignal): Promise<readonly Control[]>;
  close(): Promise<void>;
}

/** Where the controls look; `database` is absent when none is configured. */
export interface ControlPorts {
  readonly clock: Clock;
  readonly eventLoop: EventLoop;
  readonly files: Files;
  readonly http: Http;
  readonly memory: Memory;
  readonly pm2: Pm2;
  readonly hostNames: HostNames;
  readonly database?: Database;
}

/** Folders whose file systems must have room, the application's services by their pm2 names, and what it depends on. */
export interface ControlSettings {
  readonly root: string;
  readonly state: string;
  readonly services: readonly string[];
  readonly upstreams: readonly UpstreamSettings[];
  /** Names of the hosts that it depends on. */
  readonly hosts: readonly string[];
}

type Answer = Omit<Control, "name">;

/** The control probes over their ports. */
export function createControls(ports: ControlPorts, settings: ControlSettings): Controls {
  const watch = ports.eventLoop.watch();
  const withOutages = openOutages();
  let opening: Promise<Echo> | undefined;

  async function loopback(signal: AbortSignal): Promise<Answer> {
    opening ??= openEcho();
    const echo = await opening;
    return askEcho(ports.http, echo.url, signal);
  }

  const politely = politeHttp(ports.http, ports.clock, ROUND_MS);
  const questions: readonly (readonly [ControlName, (signal: AbortSignal) => Promise<Answer>])[] = [
    ["loopback", loopback],
    ["event-loop", async () => lagOf(watch.takeLagMs())],
    ["disk", async () => askDisk(ports.files, settings)],
    ["memory", async (signal) => askNeighbours(ports, settings.services, signal)],
    ["database", createDatabaseControl(ports, settings.services)],
    ["pm2", async (signal) => askPm2(ports.pm2, signal)],
    ["dns", async (signal) => askNames(ports.hostNames, settings.hosts, signal)],
    ["upstream", async (signal) => askUpstreams(politely, settings.upstreams, signal)],
  ];

  return {
    ask: async (signal) => {
      signal.throwIfAborted();
      const limit = ports.clock.deadline(TIMEOUT_MS, signal);
      const answers = await Promise.all(
        questions.map(async ([name, ask]) => ({ name, ...(await answerOf(ask, limit)) })),
      );
      signal.throwIfAborted();
      return withOutages(answers, ports.clock.now());
    },
    close: async () => {
      watch.close();
      await (await opening)?.close();
    },
  };
}

/** A control that does not answer in time accuses what it checks; one that breaks says nothing. */
async function answerOf(
  ask: (signal: AbortSignal) => Promise<Answer>,
  limit: AbortSignal,
): Promise<Answer> {
  try {
    return await ask(limit);
  } catch (error) {
    return limit.aborted
      ? { state: "red", detail: `no answer within ${tellDuration(TIMEOUT_MS)}` }
      : { state: "unknown", detail: messageOf(error) };
  }
}

async function askEcho(http: Http, url: string, signal: AbortSignal): Promise<Answer> {
  const answer = await http.ask({ url, timeoutMs: TIMEOUT_MS, maxBodyBytes: 1024 }, signal);
  if (answer.kind !== "answered") {
    return { state: "red", detail: `loopback: ${answer.detail}` };
  }
  const took = tellDuration(answer.phases.totalMs);
  return answer.status === 200 && answer.body === "/"
    ? { state: "green", detail: `loopback answered in ${took}` }
    : { state: "red", detail: `loopback answered something else (${answer.status})` };
}

function lagOf(lagMs: number): Answer {
  return lagMs > MAX_LAG_MS
    ? { state: "red", detail: `rollwatch itself stood still for ${tellDuration(lagMs)}` }
    : { state: "green", detail: `longest standstill ${tellDuration(lagMs)}` };
}

async function askDisk(files: Files, { root, state }: ControlSettings): Promise<Answer> {
  const free = await Promise.all([root, state].map(async (folder) => files.freeBytes(folder)));
  const least = Math.min(...free);
  const detail = `${Math.floor(least / 1024 / 1024)} MiB free`;
  return { state: least < MIN_FREE_BYTES ? "red" : "green", detail };
}

async function askPm2(pm2: Pm2, signal: AbortSignal): Promise<Answer> {
  const daemon = await pm2.daemon(signal);
  return daemon.kind === "alive"
    ? { state: "green", detail: `pm2 ${daemon.version} answers (pid ${daemon.pid})` }
    : { state: "red", detail: `pm2 is ${daemon.kind}: ${daemon.reason}` };
}
