import type { Config } from "../config/schema.ts";
import type { Environment } from "../config/environment.ts";
import type { FollowUps, ReportOrder } from "../model/after-action.ts";
import type { Actions } from "../model/actions.ts";
import type { GuardOutside } from "../model/deployment-guard.ts";
import type { ChannelTest } from "../model/channel-test.ts";
import type { DatabaseRows } from "../model/database-rows.ts";
import type { DoctorReport } from "../model/doctor.ts";
import type { InitOutcome, InitRequest } from "../model/init.ts";
import type { Operations } from "../model/operations.ts";
import type { ReplayReport } from "../model/replay.ts";

/** Operations on a configured application, with what must be let go of afterwards. */
export interface OpenedOperations {
  readonly operations: Operations;
  close(): Promise<void>;
}

/** Actions that a command takes by itself while there is no daemon, the locks held until `close`. */
export interface OpenedActions extends OpenedOperations {
  readonly actions: Actions;
}

/** What the daemon's host does for it. */
export interface DaemonHost {
  readonly version: string;
  readonly pid: number;
  /** Such as `v20.20.2`. */
  readonly nodeVersion: string;
  /** Called once, when the daemon watches: tells pm2 so. */
  announceReady(): void;
}

/** What the command line needs of the world around it. */
export interface CliPorts {
  /** Writes to standard output; the text brings its own line breaks. */
  out(text: string): void;
  /** Writes to standard error. */
  err(text: string): void;
  readonly environment: Environment;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Whether a person can be asked: both ends are a terminal. */
  readonly canAsk: boolean;
  /** Asks a person; what was typed, without its line break. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  readonly host: DaemonHost;
  /** Wall time, ms since the epoch. */
  now(): number;
  /** Whether a file is there. */
  exists(path: string): boolean;
  openOperations(config: Config): Promise<OpenedOperations>;
  openActions(config: Config): Promise<OpenedActions>;
  /** The rows of the database and of those that swaps have kept. Throws `refused` where none is configured. */
  openDatabaseRows(config: Config): Promise<DatabaseRows>;
  /** Drafts a configuration for an application of this host. */
  init(request: InitRequest, signal: AbortSignal): Promise<InitOutcome>;
  /** Looks at everything that a rollback would need. */
  doctor(config: Config, signal: AbortSignal): Promise<DoctorReport>;
  /** What a guard of a deployment needs without the daemon. */
  openGuardOutside(config: Config): GuardOutside;
  /** The report of an incident as text. Throws `incident-unknown`. */
  exportIncident(config: Config, order: ReportOrder, signal: AbortSignal): Promise<string>;
  /** The tasks and checklists of an incident. Throws `incident-unknown`. */
  followUps(config: Config, id: string, signal: AbortSignal): Promise<FollowUps>;
  /** Sends a marked test notice through each channel named, without the daemon. */
  testChannels(
    config: Config,
    test: { readonly names: readonly string[]; readonly by: string },
    signal: AbortSignal,
  ): Promise<readonly ChannelTest[]>;
  /** Judges a recording, or a folder of them, by this configuration. */
  replay(config: Config, path: string, signal: AbortSignal): Promise<ReplayReport>;
  /** Runs a deployment's command under the lock of recoveries. Returns its exit code. */
  deployUnderLock(
    config: Config,
    deployment: { readonly by: string; readonly command: readonly [string, ...string[]] },
    signal: AbortSignal,
  ): Promise<number>;
  /** The daemon in the foreground, until the signal aborts and everything is put away. Returns the exit code. */
  runDaemon(config: Config, host: DaemonHost, signal: AbortSignal): Promise<number>;
}

/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  waiting: 4,
  rolledBack: 5,
} as const;
