import { join } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Pm2Daemon, Service } from "../model/service.ts";
import type { Clock } from "./clock.ts";
import type { Files } from "./files.ts";
import { findDaemon, list, requireDaemon } from "./pm2-daemon.ts";
import { type ProcessMetrics, toMetrics } from "./pm2-metrics.ts";
import { type ProcessAddress, restart, stop } from "./pm2-process.ts";
import { dumped, programVersion, save } from "./pm2-program.ts";
import { isModule, toDefinition, toServices } from "./pm2-record.ts";
import { replace } from "./pm2-replace.ts";
import type { Processes } from "./process.ts";

/**
 * The application's pm2. It never starts a daemon: with a dead or hung one every call but `daemon` throws
 * `pm2-unreachable`; with a second one for the same home every effect does. Processes are addressed by an id and the name of the service
 * that it was resolved from: effects look again whether it still is that service's.
 */
export interface Pm2 {
  /** Whether the daemon answers a ping on its socket within 1.5 s; if not, what pid file and kernel say of it. */
  daemon(signal: AbortSignal): Promise<Pm2Daemon>;
  /** Every service that pm2 knows, each name once, by pm2's own order; its modules are left out. */
  names(signal: AbortSignal): Promise<readonly string[]>;
  /** The named services as pm2 has them, in the order asked; unknown ones have no instances. */
  services(names: readonly string[], signal: AbortSignal): Promise<readonly Service[]>;
  /** What the running processes of the named services told pm2 of themselves. */
  metrics(names: readonly string[], signal: AbortSignal): Promise<readonly ProcessMetrics[]>;
  /** Full definitions with environments, one per instance of the named services, to capture and to start again. Secret. */
  definitions(names: readonly string[], signal: AbortSignal): Promise<readonly Definition[]>;
  /** Stops one process and waits until it is gone. */
  stop(process: ProcessAddress, signal: AbortSignal): Promise<void>;
  /** Starts a stopped process with the definition and environment that pm2 holds; a running one is restarted. */
  restart(process: ProcessAddress, signal: AbortSignal): Promise<void>;
  /**
   * Removes a service from pm2 and starts one process for each definition, with exactly its environment. Nothing is removed when what is
   * to be started is not there. Interrupted anywhere, it can be called again: it leaves the given processes and no others.
   */
  replace(name: string, definitions: readonly Definition[], signal: AbortSignal): Promise<void>;
  /**
   * The services that pm2 brings back after a reboot, as its `dump.pm2` names them, each process once; undefined when there is no dump,
   * empty when it cannot be read.
   */
  dumped(): Promise<readonly string[] | undefined>;
  /** `pm2 save`: writes the present list as the one to bring back; the old one is kept as `dump.pm2.bak`. */
  save(signal: AbortSignal): Promise<void>;
  /** The version of the pm2 program, which may be another than the daemon's: one that was installed since. */
  programVersion(signal: AbortSignal): Promise<string>;
  /** Why somebody seems to be reloading services right now (pm2's own reload lock); null when nobody is. */
  busy(now: number): Promise<string | null>;
}

/** A service's definition as pm2 starts it. `env` is the whole environment the process gets. */
export interface Definition {
  readonly name: string;
  readonly hash: string;
  /** pm2's own configuration keys (script, cwd, exec_mode, …), without the environment. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Where the application's pm2 lives. */
interface Pm2Settings {
  /** PM2_HOME; its path must leave room for a socket's name. */
  readonly home: string;
  /** The pm2 program, a path or a name to be found in PATH; it writes the dump. */
  readonly program: string;
  /** rollwatch's own environment; of it only PATH and HOME reach the pm2 program. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What reaching pm2 needs of the rest of the world. */
interface Pm2Ports {
  readonly clock: Clock;
  readonly files: Files;
  readonly processes: Processes;
}

/** An open pm2 as its parts see it. */
export interface Pm2Access extends Pm2Ports {
  readonly settings: Pm2Settings;
  /** Path of the daemon's socket for calls. */
  readonly socket: string;
}

/** How long pm2 itself honours its reload lock. */
const RELOAD_LOCK_MS = 30_000;
/** Bytes that a socket's path may have on Linux. */
const LONGEST_SOCKET_PATH = 107;

/** Opens the application's pm2. Throws `path-refused` when its home's path is too long for sockets: pm2 would hang there. */
export function openPm2(settings: Pm2Settings, ports: Pm2Ports): Pm2 {
  const socket = join(settings.home, "rpc.sock");
  if (Buffer.byteLength(socket) > LONGEST_SOCKET_PATH) {
    throw new Failure("path-refused", `the path of pm2's socket is too long: ${socket}`, {
      hint: `Move the pm2 home; its socket's path may have ${LONGEST_SOCKET_PATH} bytes at most.`,
    });
  }
  const pm2 = { ...ports, settings, socket };
  return {
    daemon: (signal) => findDaemon(pm2, signal),
    names: async (signal) => [
      ...new Set((await list(pm2, signal)).filter((one) => !isModule(one)).map(({ name }) => name)),
    ],
    services: async (names, signal) => toServices(await list(pm2, signal), names),
    metrics: async (names, signal) => toMetrics(await list(pm2, signal), names),
    definitions: async (names, signal) => {
      // A second daemon that somebody's command started knows none of them, or has them anew.
      await requireDaemon(pm2, signal);
      const records = await list(pm2, signal);
      return names.flatMap((name) => records.filter((one) => one.name === name).map(toDefinition));
    },
    stop: (process, signal) => stop(pm2, process, signal),
    restart: (process, signal) => restart(pm2, process, signal),
    replace: (name, definitions, signal) => replace(pm2, name, definitions, signal),
    dumped: () => dumped(pm2),
    save: (signal) => save(pm2, signal),
    programVersion: (signal) => programVersion(pm2, signal),
    busy: (now) => reloading(pm2, now),
  };
}

async function reloading(pm2: Pm2Access, now: number): Promise<string | null> {
  const text = await pm2.files.readText(join(pm2.settings.home, "reload.lock"));
  const since = Number.parseInt(text ?? "", 10);
  const ageMs = Math.abs(now - since);
  // Also null when the lock is empty: pm2 empties it when it is done.
  return ageMs < RELOAD_LOCK_MS ? `pm2 has been reloading for ${ageMs} ms` : null;
}
