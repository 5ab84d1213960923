import type { ApplicationSettings } from "../model/application.ts";
import type { Catalogue } from "../release/catalogue.ts";
import type { BesidePorts } from "../release/database-beside.ts";
import type { MigrationPorts } from "../release/migration-run.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";
import type { Http } from "../system/http.ts";
import type { Pm2 } from "../system/pm2.ts";
import type { ConnectionPool } from "../system/pgbouncer.ts";
import type { DatabaseSwap } from "../system/postgres-swap.ts";
import type { Processes } from "../system/process.ts";

/** What takes migrations down in the live database. */
export interface SchemaPorts {
  readonly migrations: MigrationPorts;
  /** In what the live schema is not that which a release ran on, in words; undefined where it is. */
  readonly whatDiffers: (release: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** What a recovery acts through, and the application it acts on. */
export interface RecoveryPorts {
  readonly application: ApplicationSettings;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly files: Files;
  readonly git: Git;
  readonly http: Http;
  readonly pm2: Pm2;
  readonly processes: Processes;
  /** What lets databases change places; absent where none is configured. */
  readonly databases?: DatabaseSwap;
  /** What holds their clients back meanwhile; absent where none is configured. */
  readonly pool?: ConnectionPool;
  /** What makes databases beside the live one; absent where none is configured. */
  readonly making?: BesidePorts;
  /** What takes migrations down; absent where that is not configured. */
  readonly schema?: SchemaPorts;
  /** What the signals say against a service since `at` (ms since the epoch); undefined when it is well. Absent: nobody watches. */
  readonly whyUnwell?: (service: string, at: number) => string | undefined;
}

/** A step's ports, with what it must know of the plan it belongs to. */
export interface StepPorts extends RecoveryPorts {
  readonly planId: string;
  /** When the old release was last stopped or switched away, ms since the epoch: what runs the target was started after it. */
  readonly switchedAt: number;
}
