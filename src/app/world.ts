import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Environment } from "../config/environment.ts";
import { ORDERED_BY } from "../release/migration-settings.ts";
import type { WarmPorts } from "../release/warm-database.ts";
import { type Certificates, openCertificates } from "../system/certificates.ts";
import { openClock, type Clock } from "../system/clock.ts";
import { openEventLoop, type EventLoop } from "../system/event-loop.ts";
import { openFiles, type Files } from "../system/files.ts";
import { openGit, type Git } from "../system/git.ts";
import { openHttp, type Http } from "../system/http.ts";
import { openHostNames, type HostNames } from "../system/host-names.ts";
import { openIds, type Ids } from "../system/ids.ts";
import { type Instance, openInstance } from "../system/instance.ts";
import { type Inbox, openInbox } from "../system/inbox.ts";
import { type Logs, openLogs } from "../system/logs.ts";
import { type Memory, openMemory } from "../system/memory.ts";
import { openAudits, rememberAudits, type RememberingAudits } from "../system/npm-audit.ts";
import { type MetricsFolders, openMetricsFolders } from "../system/metrics-folder.ts";
import { openPm2, type Pm2 } from "../system/pm2.ts";
import { type ConnectionPool, openPgBouncer } from "../system/pgbouncer.ts";
import { openPm2Events, type Pm2Events } from "../system/pm2-events.ts";
import { type Amcheck, openAmcheck } from "../system/postgres-amcheck.ts";
import { openDatabasesBeside } from "../system/postgres-beside.ts";
import { openDatabase, type Database } from "../system/postgres.ts";
import { type LeftSessions, openLeftSessions } from "../system/postgres-left-behind.ts";
import { taggedAddress } from "../system/postgres-own.ts";
import { type MigrationDatabase, openMigrations } from "../system/postgres-migrations.ts";
import { openPostgresPrograms, type PostgresPrograms } from "../system/postgres-programs.ts";
import { openPostgresRestore } from "../system/postgres-restore.ts";
import { type DatabaseSwap, openDatabaseSwap } from "../system/postgres-swap.ts";
import { openStatements, type Statements } from "../system/postgres-statements.ts";
import { openDatabaseSource, type DatabaseSource } from "../system/postgres-source.ts";
import { openProcesses, type Processes } from "../system/process.ts";
import { openResolver, type Resolver } from "../system/resolver.ts";
import { openTcp, type Tcp } from "../system/tcp.ts";
import { openWebsocket, type Websocket } from "../system/websocket.ts";
import { liveOf } from "./database-rows.ts";

/** Everything outside rollwatch, one port each. */
export interface World {
  readonly clock: Clock;
  readonly eventLoop: EventLoop;
  readonly files: Files;
  readonly processes: Processes;
  /** What child programs get. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  readonly git: Git;
  readonly http: Http;
  readonly websocket: Websocket;
  readonly audits: RememberingAudits;
  readonly tcp: Tcp;
  readonly certificates: Certificates;
  readonly resolver: Resolver;
  readonly memory: Memory;
  readonly logs: Logs;
  readonly pm2: Pm2;
  readonly pm2Events: Pm2Events;
  readonly metricsFolders: MetricsFolders;
  readonly hostNames: HostNames;
  readonly ids: Ids;
  /** What others tell rollwatch unasked. */
  readonly inbox: Inbox;
  /** The watched database; absent when none is configured. */
  readonly database?: Database;
  /** What carries out an operator's SQL. */
  readonly statements: Statements;
  readonly amcheck: Amcheck;
  /** What makes snapshots of it; absent when none are configured. */
  readonly dumping?: { readonly programs: PostgresPrograms; readonly source: DatabaseSource };
  /** What makes databases beside it; absent when none is configured. */
  readonly warming?: Pick<WarmPorts, "beside" | "programs" | "restorer" | "source">;
  /** What its migrations are taken down with; absent when that is not configured. */
  readonly migrations?: MigrationDatabase;
  /** What lets one of those take its place; absent when none is configured. */
  readonly databases?: DatabaseSwap;
  /** What ends the sessions that a killed rollwatch has left at the server; absent when none is configured. */
  readonly leftSessions?: LeftSessions;
  /** What holds clients back meanwhile; absent when none is configured. */
  readonly pool?: ConnectionPool;
}

type WatchedDatabase = NonNullable<Config["database"]>;

/** With the role that migrates. */
function openMigrating(
  { url, rollback, migrations }: WatchedDatabase,
  clock: Clock,
): Pick<World, "migrations"> {
  const { table, column, down } = migrations;
  if (down === undefined) {
    return {};
  }
  const copyingUrl = rollback.url ?? url;
  const orderBy = ORDERED_BY[down.tool];
  const access = { url: down.url ?? copyingUrl, applicationUrl: url, copyingUrl, table, column };
  const ordered = orderBy === undefined ? {} : { orderBy };
  return { migrations: openMigrations({ ...access, ...ordered, clock }) };
}

/** The real world as the configuration names it. */
export function openWorld(config: Config, environment: Environment): World {
  const clock = openClock();
  const files = openFiles();
  const instance = openInstance({ state: config.state, files });
  const processes = openProcesses(clock, instance);
  const children = childEnvironment(environment);
  const { pm2Home, pm2Program } = config.application;
  const ids = openIds();
  return {
    clock,
    eventLoop: openEventLoop(clock),
    files,
    processes,
    childEnvironment: children,
    git: openGit(processes, children, clock),
    http: openHttp(clock),
    websocket: openWebsocket(clock),
    audits: rememberAudits(openAudits(processes, children)),
    tcp: openTcp(clock),
    certificates: openCertificates(clock),
    resolver: openResolver(clock),
    memory: openMemory(config.host.root),
    logs: openLogs(),
    pm2Events: openPm2Events(pm2Home, clock),
    metricsFolders: openMetricsFolders(clock),
    pm2: openPm2(
      { home: pm2Home, program: pm2Program, environment: children },
      { clock, files, processes },
    ),
    hostNames: openHostNames(),
    ids,
    statements: openStatements(clock),
    amcheck: tagging(openAmcheck({ clock, files, ids, processes }, children), instance),
    inbox: openInbox(join(config.state, "inbox.json"), { clock, files }),
    ...(config.database === undefined
      ? {}
      : openDatabases(config.database, { clock, files, ids, processes, instance }, children)),
  };
}

/** What works on databases for longer than a probe does so in sessions that bear the tag of this rollwatch. */
function openDatabases(
  watched: WatchedDatabase,
  ports: Pick<World, "clock" | "files" | "ids" | "processes"> & { readonly instance: Instance },
  children: Readonly<Record<string, string>>,
): Partial<World> {
  const { clock, instance } = ports;
  const database = tagged(watched, instance);
  const { url, rollback, migrations } = database;
  const roles = [url, rollback.url, migrations.down?.url].filter((one) => one !== undefined);
  return {
    database: openDatabase(watched, clock),
    leftSessions: openLeftSessions(roles, { clock, instance }),
    warming: openWarming(database, ports, children),
    databases: openSwap(database, clock),
    ...openPool(watched, clock),
    ...openMigrating(database, clock),
    ...(watched.dump === undefined
      ? {}
      : {
          dumping: {
            programs: openPostgresPrograms(ports, children),
            source: openDatabaseSource(url, ports),
          },
        }),
  };
}

/** The same database by addresses that say which rollwatch it is. */
function tagged(database: WatchedDatabase, instance: Instance): WatchedDatabase {
  const { url, rollback, migrations } = database;
  const { down } = migrations;
  return {
    ...database,
    url: taggedAddress(url, instance),
    rollback: {
      ...rollback,
      ...(rollback.url === undefined ? {} : { url: taggedAddress(rollback.url, instance) }),
    },
    migrations: {
      ...migrations,
      ...(down?.url === undefined
        ? {}
        : { down: { ...down, url: taggedAddress(down.url, instance) } }),
    },
  };
}

/** The same, in sessions that say which rollwatch it is. */
function tagging(amcheck: Amcheck, instance: Instance): Amcheck {
  return {
    check: async (order, signal) =>
      amcheck.check({ ...order, url: taggedAddress(order.url, instance) }, signal),
  };
}

/** With the role of `database.rollback.url`. */
function openWarming(
  { url, rollback }: WatchedDatabase,
  ports: Pick<World, "clock" | "files" | "ids" | "processes">,
  children: Readonly<Record<string, string>>,
): NonNullable<World["warming"]> {
  const address = rollback.url ?? url;
  return {
    beside: openDatabasesBeside(address, ports),
    programs: openPostgresPrograms(ports, children),
    restorer: openPostgresRestore(ports, children),
    source: openDatabaseSource(address, ports),
  };
}

/** With the role of `database.rollback.url`; the services are those who use that of `database.url`. */
function openSwap({ url, rollback }: WatchedDatabase, clock: Clock): DatabaseSwap {
  const { mayEnd } = rollback;
  return openDatabaseSwap({ url: rollback.url ?? url, applicationUrl: url, mayEnd, clock });
}

/** Clients know the live database by its name, unless it is configured otherwise. */
function openPool(database: WatchedDatabase, clock: Clock): Pick<World, "pool"> {
  const { pgbouncer } = database;
  if (pgbouncer === undefined) {
    return {};
  }
  const { url, databases = [liveOf(database, clock).database] } = pgbouncer;
  return { pool: openPgBouncer({ url, databases, clock }) };
}

/** What child programs get: enough to be found and to find their home, nothing of rollwatch's own secrets. */
export function childEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const passed = ["PATH", "HOME", "LANG", "TZ"].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(passed);
}
