import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Client } from "pg";
import { z } from "zod";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import type { Lab } from "../../lab/lab.ts";
import type { DatabaseStepPorts } from "../../src/recover/database-descriptor.ts";
import { openCatalogue } from "../../src/release/catalogue.ts";
import type { WarmPorts } from "../../src/release/warm-database.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openIds } from "../../src/system/ids.ts";
import { openDatabasesBeside } from "../../src/system/postgres-beside.ts";
import { openPostgresPrograms } from "../../src/system/postgres-programs.ts";
import { openPostgresRestore } from "../../src/system/postgres-restore.ts";
import { openDatabaseSource } from "../../src/system/postgres-source.ts";
import { openDatabaseSwap } from "../../src/system/postgres-swap.ts";
import { openProcesses } from "../../src/system/process.ts";
import type { Known } from "./clients.ts";

/** A cluster of its own with a database of some size, and rollwatch's own parts for it. */
export interface Place {
  readonly lab: Lab;
  readonly cluster: Cluster;
  /** Of the application's role. */
  readonly url: string;
  /** Of the role that may do what `rollwatch doctor` asks for, and no more. */
  readonly rollbackUrl: string;
  readonly known: Known;
  readonly bytes: number;
  readonly ports: WarmPorts & Required<DatabaseStepPorts>;
}

export const DATABASE = "radiation";
const DEVICES = 1000;
const BATCH = 200_000;

const TABLES = `
  set role app;
  create table devices (id int primary key, name text not null, place text);
  create table readings (id bigserial, device int not null, dose numeric(10, 4) not null,
    taken_at timestamptz not null default now(), note text);
  create table alerts (id bigserial primary key, reading bigint not null, raised_at timestamptz not null default now());
  insert into devices select n, 'device ' || n, 'ward ' || n % 40 from generate_series(1, ${DEVICES}) n`;
/** Made when the table is full, as nobody has time to wait for each row's entries. */
const INDEXES = `
  set role app;
  alter table readings add primary key (id), add foreign key (device) references devices;
  create index on readings (device, taken_at)`;
/** Of the whole, without the indexes. */
const HEAP_RATIO = 0.7;
const FILL = `
  insert into readings (device, dose, taken_at, note)
  select 1 + (random() * ${DEVICES - 1})::int, (random() * 3)::numeric(10, 4), now() - n * interval '1 second', md5(n::text)
  from generate_series(1, ${BATCH}) n`;

const Size = z.object({ bytes: z.coerce.number() });
const Last = z.object({ last: z.coerce.number() });

/** Starts the cluster and fills the database until it is as large. */
export async function openPlace(lab: Lab, bytes: number): Promise<Place> {
  const cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password 'hush'; create role dba superuser login password 'hush';
    create role watcher login createdb in role app, pg_signal_backend, pg_read_all_data password 'hush'`);
  await cluster.admin(`create database ${DATABASE} owner app`);
  await cluster.admin(TABLES, DATABASE);
  const url = cluster.url("app", "hush", DATABASE);
  await fillUp(url, bytes * HEAP_RATIO);
  await cluster.admin(INDEXES, DATABASE);
  await fillUp(url, bytes);
  await query(url, "insert into alerts (reading) select id from readings where id % 1000 = 0");
  await cluster.admin("vacuum analyze", DATABASE);
  await cluster.admin("checkpoint");
  const [last] = await query(url, "select max(id) as last from readings");
  const rollbackUrl = cluster.url("watcher", "hush", DATABASE);
  return {
    lab,
    cluster,
    url,
    rollbackUrl,
    known: { devices: DEVICES, lastReading: Last.parse(last).last },
    bytes: await sizeOf(url),
    ports: await openPorts(lab, { url, rollbackUrl }),
  };
}

async function fillUp(url: string, bytes: number): Promise<void> {
  while ((await sizeOf(url)) < bytes) {
    await query(url, FILL);
  }
}

/** One statement in a session of its own. */
export async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The same address with another database. */
export function inDatabase(url: string, database: string): string {
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(database)}`;
  return address.href;
}

/** Bytes of the database on disk. */
async function sizeOf(url: string): Promise<number> {
  const [row] = await query(url, "select pg_database_size(current_database()) as bytes");
  return Size.parse(row).bytes;
}

async function openPorts(
  lab: Lab,
  { url, rollbackUrl }: Pick<Place, "url" | "rollbackUrl">,
): Promise<Place["ports"]> {
  const stateFolder = path.join(lab.folder, "state");
  await mkdir(stateFolder, { mode: 0o700 });
  const clock = openClock();
  const files = openFiles();
  const processes = openProcesses(clock);
  const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  const making = {
    clock,
    files,
    programs: openPostgresPrograms({ files, processes }, environment),
    restorer: openPostgresRestore({ processes }, environment),
    source: openDatabaseSource(rollbackUrl, { clock, ids: openIds() }),
    beside: openDatabasesBeside(rollbackUrl, { clock, ids: openIds() }),
    stateFolder,
  };
  return {
    ...making,
    making,
    catalogue: openCatalogue(files, stateFolder),
    planId: "plan-bench",
    databases: openDatabaseSwap({ url: rollbackUrl, applicationUrl: url, mayEnd: [], clock }),
  };
}
