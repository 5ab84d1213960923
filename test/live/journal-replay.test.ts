import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { run } from "../../lab/command.ts";
import { constructedEnvironment } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import type { Reapplied } from "../../src/model/database-delta.ts";
import { replayJournal } from "../../src/release/journal-replay.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import {
  installJournal,
  noteSnapshot,
  notedSnapshot,
  pruneJournal,
  removeJournal,
} from "../../src/system/postgres-journal.ts";
import { openPostgresPrograms } from "../../src/system/postgres-programs.ts";
import { openProcesses } from "../../src/system/process.ts";
import type { DatabasePlace } from "../../src/system/postgres-reading.ts";

const { signal } = new AbortController();
const clock = openClock();
const WRITERS = 20;
const TABLES = ["people", "readings", "counters", "tags"];

let lab: Lab;
let cluster: Cluster;
let reports = 0;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(
    "create role app login createdb password 'hush'; create role clerk login password 'hush'",
  );
});

afterAll(async () => {
  await lab.end();
});

function place(database: string): DatabasePlace {
  return { url: cluster.url("app", "hush", "postgres"), database, clock };
}

async function connect(role: string, database: string): Promise<Client> {
  const client = new Client({ connectionString: cluster.url(role, "hush", database) });
  await client.connect();
  return client;
}

async function query(database: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = await connect("app", database);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function replay(
  names: { readonly kept: string; readonly live: string; readonly snapshot: string },
  isDryRun = false,
): Promise<Reapplied> {
  reports += 1;
  const { kept, live, snapshot } = names;
  const folder = join(lab.folder, `replay-${reports}`);
  const order = { kept: place(kept), live: place(live), snapshot, isDryRun, folder, keepMs: 1000 };
  return replayJournal(openFiles(), order, signal);
}

async function dumpPrograms(): Promise<{ readonly dump: string; readonly restore: string }> {
  const environment = { PATH: process.env["PATH"] ?? "" };
  const ports = { files: openFiles(), processes: openProcesses(clock) };
  const major = Number.parseInt(cluster.programs.version, 10);
  const programs = await openPostgresPrograms(ports, environment).find(major, undefined, signal);
  if (programs === undefined) {
    throw new Error("no pg_dump is installed");
  }
  return programs;
}

/** A copy of a database at one moment, made while it is written to; the moment as pg_current_snapshot() tells it. */
async function copyOnline(from: string, to: string): Promise<string> {
  const client = await connect("app", from);
  try {
    await client.query("begin isolation level repeatable read");
    const { rows } = await client.query<{ name: string; xids: string }>(
      "select pg_export_snapshot() as name, pg_current_snapshot()::text as xids",
    );
    const { name = "", xids = "" } = rows[0] ?? {};
    const how = { cwd: "/", env: constructedEnvironment() };
    const file = join(lab.folder, `${to}.dump`);
    const source = `--dbname=${cluster.url("app", "hush", from)}`;
    const args = ["-Fc", "-Z0", `--snapshot=${name}`, "--file", file, source];
    const programs = await dumpPrograms();
    await run(programs.dump, args, how);
    await cluster.admin(`create database ${to} owner app`);
    const target = `--dbname=${cluster.url("app", "hush", to)}`;
    await run(programs.restore, ["-e", target, file], how);
    return xids;
  } finally {
    await client.end();
  }
}

/** One statement with its values, as it can be made again elsewhere. */
type Statement = readonly [sql: string, values: readonly unknown[]];

/** Writes as one client of an application until it is told to stop; what it has committed. */
async function write(
  database: string,
  writer: number,
  state: { isOver: boolean; isMigrated: boolean },
): Promise<readonly (readonly Statement[])[]> {
  const client = await connect("clerk", database);
  const committed: (readonly Statement[])[] = [];
  try {
    for (let turn = 0; !state.isOver; turn += 1) {
      const work = statementsOf(writer, turn, state.isMigrated);
      try {
        await client.query("begin");
        for (const [sql, values] of work) {
          await client.query(sql, [...values]);
        }
        await client.query("savepoint undone");
        await client.query("delete from readings where person = $1", [writer]);
        await client.query("rollback to savepoint undone");
        if (turn % 5 === 0) {
          await client.query("rollback");
        } else {
          await client.query("commit");
          committed.push(work);
        }
      } catch {
        // The migration took a column from under it.
        await client.query("rollback");
      }
    }
    return committed;
  } finally {
    await client.end();
  }
}

/** Rows of its own, and a counter that all writers share. */
function statementsOf(writer: number, turn: number, isMigrated: boolean): readonly Statement[] {
  const id = writer * 1_000_000 + turn;
  const older = writer * 1_000_000 + Math.floor(turn / 2);
  const insert: Statement = isMigrated
    ? ["insert into readings (id, person, value) values ($1, $2, $3)", [id, writer, turn / 3]]
    : [
        "insert into readings (id, person, value, note) values ($1, $2, $3, $4)",
        [id, writer, turn / 3, `note ${turn}`],
      ];
  const other: readonly Statement[] = [
    ["update readings set value = value * 2, at = '2026-01-01' where id = $1", [older]],
    ["delete from readings where id = $1", [older]],
    ["savepoint inner_one", []],
    ["update people set name = $2 where id = $1", [writer, `name ${turn}`]],
    ["delete from tags where ctid in (select ctid from tags where owner = $1 limit 1)", [writer]],
    ["insert into tags values ($1, 'a tag'), ($1, 'a tag')", [writer]],
  ];
  const count: Statement = ["update counters set n = n + 1 where id = $1", [turn % 10]];
  return [insert, ...other.slice(turn % 6, (turn % 6) + 2), count];
}

async function tellAll(database: string): Promise<Readonly<Record<string, unknown>>> {
  const told: Record<string, unknown> = {};
  for (const table of TABLES) {
    const [row] = await query(
      database,
      `select count(*)::int as count, md5(string_agg(line, '|' order by line)) as hash
       from (select row_to_json(t)::text as line from (select * from ${table}) t) lines`,
    );
    told[table] = row;
  }
  return told;
}

describe("the journal", () => {
  it("brings everything that was written since the snapshot into the older database, as if the newer release had never been", async () => {
    await query("postgres", "create database app");
    await query(
      "app",
      `create table people (id int primary key, name text);
       insert into people select i, 'somebody' from generate_series(0, ${WRITERS}) i;
       create table readings (id bigint primary key, person int references people, value numeric, note text, at timestamptz);
       insert into readings select -i, 0, i, 'an old one', now() from generate_series(1, 2000) i;
       create table counters (id int primary key, n int);
       insert into counters select i, 0 from generate_series(0, 9) i;
       create table tags (owner int, tag text);
       insert into tags select i % ${WRITERS}, 'a tag' from generate_series(1, 400) i;
       grant select, insert, update, delete on all tables in schema public to clerk`,
    );
    await query("postgres", "create database control template app");
    const state = { isOver: false, isMigrated: false };
    const writers = Array.from({ length: WRITERS }, async (_one, writer) =>
      write("app", writer, state),
    );
    const installed = await installJournal(place("app"), signal);
    await sleep(500);
    const snapshot = await copyOnline("app", "snap");
    await sleep(500);
    await query("app", "alter table readings add column extra int default 5, drop column note");
    state.isMigrated = true;
    await sleep(1000);
    state.isOver = true;
    const committed = await Promise.all(writers);
    await cluster.admin("alter database app rename to app_aside_1");
    await cluster.admin("alter database snap rename to app");
    await query("app", "insert into people values (-1, 'after the swap')");

    const tried = await replay({ kept: "app_aside_1", live: "app", snapshot }, true);
    const done = await replay({ kept: "app_aside_1", live: "app", snapshot });
    const again = await replay({ kept: "app_aside_1", live: "app", snapshot });

    const control = await connect("app", "control");
    for (const [sql, values] of committed.flat(2)) {
      await (sql.startsWith("savepoint") ? undefined : control.query(sql, [...values]));
    }
    await control.query("insert into people values (-1, 'after the swap')");
    await control.end();
    expect(installed).toMatchObject({ missing: [] });
    expect(await tellAll("app")).toEqual(await tellAll("control"));
    expect(done.tables.map(({ quarantined }) => quarantined)).toEqual([0, 0, 0, 0]);
    expect(tried.tables).toEqual(done.tables);
    expect(again.tables).toEqual([]);
    const applied = done.tables.reduce((sum, one) => sum + one.applied, 0);
    expect(applied).toBeGreaterThan(100);
    process.stderr.write(
      `${committed.flat().length} transactions, ${applied} changes replayed in ${done.seconds} s\n`,
    );
  });

  it("overwrites nothing that was written since the swap, and tells by change what does not fit", async () => {
    await query("postgres", "create database before");
    await query(
      "before",
      `create table people (id int primary key, name text unique, age int);
       insert into people values (1, 'Ada', 30), (2, 'Bo', 40), (3, 'Cy', 50), (4, 'Di', 60);
       create table visits (id int primary key, person int references people on delete cascade);
       insert into visits values (1, 4)`,
    );
    await installJournal(place("before"), signal);
    const snapshot = await copyOnline("before", "after");
    await query(
      "before",
      `update people set name = 'Ida' where id = 1;
       update people set age = 41 where id = 2;
       delete from people where id = 3;
       delete from people where id = 4;
       insert into people values (5, 'Ed', 1), (6, 'Flo', 2);
       insert into visits values (2, 5), (3, 6)`,
    );
    await query("before", "truncate visits; set rollwatch.journal_off = 'on'; delete from people");
    await query(
      "after",
      `update people set name = 'Eve' where id = 1;
       update people set name = 'Bob' where id = 2;
       update people set age = 51 where id = 3;
       insert into people values (7, 'Ed', 3)`,
    );

    const { tables, folder } = await replay({ kept: "before", live: "after", snapshot });

    expect(await query("after", "select * from people order by id")).toEqual([
      { id: 1, name: "Eve", age: 30 },
      { id: 2, name: "Bob", age: 41 },
      { id: 3, name: "Cy", age: 51 },
      { id: 6, name: "Flo", age: 2 },
      { id: 7, name: "Ed", age: 3 },
    ]);
    expect(await query("after", "select * from visits order by id")).toEqual([
      { id: 3, person: 6 },
    ]);
    expect(tables).toEqual([
      { table: "public.people", applied: 3, quarantined: 3 },
      { table: "public.visits", applied: 1, quarantined: 2 },
    ]);
    const text = await readFile(join(folder, "quarantine.jsonl"), "utf8");
    expect(text).toContain("the row is gone, or has other values by now");
    expect(text).toContain("the row has other values by now");
    expect(text).toContain("there is a row with this key or a unique value of it");
    expect(text).toContain("visits_person_fkey");
    expect(text).toContain("the whole table was emptied");
  });

  it("forgets what a newer snapshot has seen, and goes without a trace", async () => {
    await query("postgres", "create database tidy");
    await query("tidy", "create table notes (id int primary key)");
    await installJournal(place("tidy"), signal);
    await query("tidy", "insert into notes values (1), (2)");
    const [moment] = await query("tidy", "select pg_current_snapshot()::text as now");
    await query("tidy", "insert into notes values (3)");

    await noteSnapshot(place("tidy"), { oid: 4711, snapshot: String(moment?.["now"]) }, signal);
    const noted = await notedSnapshot(place("tidy"), 4711, signal);
    const pruned = await pruneJournal(place("tidy"), String(moment?.["now"]), signal);
    const left = await query("tidy", "select count(*)::int as count from _rollwatch.changes");
    await removeJournal(place("tidy"), signal);
    await query("tidy", "insert into notes values (4)");

    expect(noted).toBe(moment?.["now"]);
    expect(pruned).toBe(2);
    expect(left).toEqual([{ count: 1 }]);
    expect(
      await query(
        "tidy",
        "select count(*)::int as count from pg_trigger where tgname ~ 'rollwatch'",
      ),
    ).toEqual([{ count: 0 }]);
  });

  it("is refused where there is none", async () => {
    await query("postgres", "create database without");

    const order = { kept: "without", live: "without", snapshot: "3:3:" };

    await expect(replay(order)).rejects.toMatchObject({
      code: "refused",
      message: 'the database "without" has no journal',
    });
  });
});
