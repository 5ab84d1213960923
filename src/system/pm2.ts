import type { Pm2Daemon, Service } from "../model/service.ts";

/**
 * The application's pm2. It never starts a daemon: with a dead or hung one every call but `daemon` throws
 * `pm2-unreachable`. Services are addressed by ids that were resolved from explicit names in the same tick.
 */
export interface Pm2 {
  /** Whether the daemon answers: pid file, kernel, socket and a ping, each with a deadline. */
  daemon(signal: AbortSignal): Promise<Pm2Daemon>;
  /** The named services as pm2 has them, in the order asked; unknown ones have no instances. */
  services(names: readonly string[], signal: AbortSignal): Promise<readonly Service[]>;
  /** Full definitions with environments, one per instance of the named services, to capture and to start again. Secret. */
  definitions(names: readonly string[], signal: AbortSignal): Promise<readonly Definition[]>;
  /** Stops one process and waits until it is gone. */
  stop(id: number, signal: AbortSignal): Promise<void>;
  /** Starts a stopped process with the definition and environment that pm2 holds; a running one is restarted. */
  restart(id: number, signal: AbortSignal): Promise<void>;
  /** Removes a service from pm2 and starts the definition, through the pm2 program with exactly the captured environment. */
  replace(name: string, definitions: readonly Definition[], signal: AbortSignal): Promise<void>;
  /** Whether a `dump.pm2` exists, that is, whether this pm2 brings its services back after a reboot. */
  hasDump(): Promise<boolean>;
  /** `pm2 save`: writes the present list as the one to bring back; the old one is kept as `dump.pm2.bak`. */
  save(signal: AbortSignal): Promise<void>;
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
