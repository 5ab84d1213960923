import type { Health } from "../model/health.ts";
import type { ServiceInstance } from "../model/service.ts";
import type { LogMark } from "../system/logs.ts";
import type { LogRead } from "../verify/signatures.ts";
import { takeHealth, type HealthPorts } from "../verify/take-health.ts";
import type { Daemon } from "./daemon.ts";

/** What of the daemon a look at the health needs. */
type Looker = Pick<Daemon, "config" | "world" | "surroundings">;

/** Places in log files by their path. */
type LogMarks = ReadonlyMap<string, LogMark>;

const NO_MARKS: LogMarks = new Map();

/** How the deployed release is now that it is proven: what a later rollback to it is compared with. */
export async function takeBaseline(daemon: Looker, signal: AbortSignal): Promise<Health> {
  const { config, surroundings } = daemon;
  const names = new Set(surroundings.services().map((service) => service.name));
  const starts = runningOf(daemon, names).map(({ instance }) => instance.startedAt);
  const since = starts.length === 0 ? 0 : Math.min(...starts);
  const ports = portsOf(daemon, names, async () => NO_MARKS);
  return takeHealth(ports, config.verify, since, signal);
}

/**
 * Looks at the health of the named services again and again; the logs since a moment. Where their lines tell no time, they
 * count from the first look that asks for that moment.
 */
export function openHealthLooks(
  daemon: Looker,
  names: ReadonlySet<string>,
): (since: number, signal: AbortSignal) => Promise<Health> {
  let markedFor: number | undefined;
  let marks = NO_MARKS;
  return async (since, signal) => {
    const ports = portsOf(daemon, names, async () => {
      if (markedFor !== since) {
        marks = await markLogs(daemon, names);
        markedFor = since;
      }
      return marks;
    });
    return takeHealth(ports, daemon.config.verify, since, signal);
  };
}

function portsOf(
  daemon: Looker,
  names: ReadonlySet<string>,
  marks: () => Promise<LogMarks>,
): HealthPorts {
  const { clock, http, database, websocket } = daemon.world;
  return {
    clock,
    http,
    websocket,
    ...(database === undefined ? {} : { database }),
    memory: async (signal) => residentMemory(daemon, names, signal),
    logs: async (signal) => readLogs(daemon, names, await marks(), signal),
  };
}

interface Running {
  readonly name: string;
  readonly instance: ServiceInstance;
}

function runningOf({ surroundings }: Looker, names: ReadonlySet<string>): readonly Running[] {
  return surroundings
    .services()
    .filter((service) => names.has(service.name))
    .flatMap(({ name, instances }) => instances.map((instance) => ({ name, instance })))
    .filter(({ instance }) => instance.pid !== 0);
}

/** Where a platform does not show it, there is nothing to compare. */
async function residentMemory(
  daemon: Looker,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly { readonly name: string; readonly rssBytes: number }[]> {
  const total = new Map<string, number>();
  for (const { name, instance } of runningOf(daemon, names)) {
    const bytes = await daemon.world.memory.residentBytes(instance.pid, signal);
    if (bytes !== undefined) {
      total.set(name, (total.get(name) ?? 0) + bytes);
    }
  }
  return [...total].map(([name, rssBytes]) => ({ name, rssBytes }));
}

/** Each log file once. One that takes both outputs counts as output: of its plain lines nobody knows which are errors. */
function logFilesOf(
  daemon: Looker,
  names: ReadonlySet<string>,
): ReadonlyMap<string, LogRead["stream"]> {
  const files = new Map<string, LogRead["stream"]>();
  const running = runningOf(daemon, names);
  for (const { instance } of running) {
    if (instance.errorLog !== undefined) {
      files.set(instance.errorLog, "error");
    }
  }
  for (const { instance } of running) {
    if (instance.outLog !== undefined) {
      files.set(instance.outLog, "out");
    }
  }
  return files;
}

async function markLogs(daemon: Looker, names: ReadonlySet<string>): Promise<LogMarks> {
  const marks = new Map<string, LogMark>();
  for (const path of logFilesOf(daemon, names).keys()) {
    const mark = await daemon.world.logs.mark(path);
    if (mark !== undefined) {
      marks.set(path, mark);
    }
  }
  return marks;
}

async function readLogs(
  daemon: Looker,
  names: ReadonlySet<string>,
  marks: LogMarks,
  signal: AbortSignal,
): Promise<readonly LogRead[]> {
  const { config, world } = daemon;
  const reads: LogRead[] = [];
  for (const [path, stream] of logFilesOf(daemon, names)) {
    const { lines, isCut } = await world.logs.read(path, marks.get(path), signal);
    const safe = lines.map(({ text, isFresh }) => ({
      text: withoutSecrets(text, config.secrets),
      isFresh,
    }));
    reads.push({ stream, lines: safe, isCut });
  }
  return reads;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) {
    safe = safe.replaceAll(secret, "<secret>");
  }
  return safe;
}
