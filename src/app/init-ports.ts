import type { Environment } from "../config/environment.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";
import type { Http } from "../system/http.ts";
import type { Listeners } from "../system/listeners.ts";
import type { Pm2 } from "../system/pm2.ts";
import type { Database } from "../system/postgres.ts";
import type { Websocket } from "../system/websocket.ts";

/** Where the application records its migrations. */
export interface Migrations {
  readonly table: string;
  readonly column: string;
}

/** What reading an application needs of the world. */
export interface InitPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly git: Git;
  readonly http: Http;
  readonly listeners: Listeners;
  readonly websocket: Websocket;
  readonly environment: Environment;
  /** The user that rollwatch runs as; 0 is root. */
  readonly uid: number;
  /** The present folder. */
  readonly cwd: string;
  openPm2(home: string): Pm2;
  openDatabase(url: string, migrations?: Migrations): Database;
}
