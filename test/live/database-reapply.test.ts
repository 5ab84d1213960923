import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import type { Reapplied } from "../../src/model/database-delta.ts";
import { reapplyRows } from "../../src/release/reapply.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";

const { signal } = new AbortController();
const clock = openClock();
const APPEND_ONLY = ["public.alerts", "public.readings", "public.lines"];
const TABLES = ["public.readings", "public.alerts", "public.lines", "public.people"];

describe("rows that only the kept database has", () => {
  let lab: Lab;
  let cluster: Cluster;
  let count = 0;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await cluster.admin("create role app login createdb password 'hush'");
    await cluster.admin("create database base owner app");
    await query(
      "base",
      `create table people (id int primary key, name text);
       insert into people values (1, 'Ada'), (2, 'Bo');
       create table readings (id bigint generated always as identity primary key, person int references people, value float8,
         double float8 generated always as (value * 2) stored);
       insert into readings (person, value) select 1, i from generate_series(1, 5) i;
       create table alerts (id serial primary key, reading bigint references readings, code text unique, details json);
       create table lines (line text)`,
    );
    await cluster.admin("create database kept template base owner app");
    await cluster.admin("create database live template base owner app");
    await query(
      "kept",
      `alter table readings add column extra int default 7;
       insert into people values (3, 'Cy');
       update people set name = 'Ida' where id = 1;
       insert into readings (person, value) values (1, 0.1), (2, 'infinity'), (3, 3);
       insert into alerts (reading, code, details) values (6, 'a', '{"deep": "\\u00e9",
         "b": 12345678901234567890}'), (8, 'b', null), (7, 'taken', null);
       insert into lines values ('same'), ('same')`,
    );
    await query("live", "insert into alerts (id, code) values (1000, 'taken')");
  });

  afterAll(async () => {
    await lab.end();
  });

  async function query(database: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: cluster.url("app", "hush", database) });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  }

  async function reapply(isDryRun: boolean): Promise<Reapplied> {
    count += 1;
    const place = { url: cluster.url("app", "hush", "postgres"), clock };
    return reapplyRows(
      openFiles(),
      {
        kept: { ...place, database: "kept" },
        live: { ...place, database: "live" },
        tables: TABLES,
        appendOnly: APPEND_ONLY,
        isDryRun,
        folder: join(lab.folder, `reapply-${count}`),
        keepMs: 1000,
      },
      signal,
    );
  }

  const EXPECTED = [
    { table: "public.lines", applied: 2, quarantined: 0 },
    { table: "public.people", applied: 0, quarantined: 2 },
    { table: "public.readings", applied: 2, quarantined: 1 },
    { table: "public.alerts", applied: 1, quarantined: 3 },
  ];

  it("are tried and taken back in a dry run", async () => {
    const { tables, isDryRun } = await reapply(true);

    expect(isDryRun).toBe(true);
    expect(tables).toEqual(EXPECTED);
    expect(await query("live", "select count(*)::int as count from readings")).toEqual([
      { count: 5 },
    ]);
    expect(await query("live", "select last_value::int as last from readings_id_seq")).toEqual([
      { last: 5 },
    ]);
  });

  it("come back into tables that only get new rows, parents first, as they were; the rest is written down with its reason", async () => {
    const { tables, folder } = await reapply(false);

    expect(tables).toEqual(EXPECTED);
    expect(
      await query(
        "live",
        "select id::int, person, value, double from readings where id > 5 order by id",
      ),
    ).toEqual([
      { id: 6, person: 1, value: 0.1, double: 0.2 },
      { id: 7, person: 2, value: Infinity, double: Infinity },
    ]);
    expect(
      await query("live", "select id, details::text as details from alerts where reading = 6"),
    ).toEqual([{ id: 1, details: '{"deep": "\\u00e9",          "b": 12345678901234567890}' }]);
    const text = await readFile(join(folder, "quarantine.jsonl"), "utf8");
    expect(text).toContain('violates foreign key constraint \\"readings_person_fkey\\"');
    expect(text).toContain('violates foreign key constraint \\"alerts_reading_fkey\\"');
    expect(text).toContain("the live database has a row with this key or a unique value of it");
    expect(text).toContain("its table is not in `database.rollback.appendOnly`");
    expect(text).toContain("another one in the kept database");
    expect((await stat(join(folder, "applied.jsonl"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, "applied.jsonl"), "utf8")).toContain(
      '{"table":"public.lines","row":{"line":"same"}}',
    );
  });

  it("get none of their numbers taken by new rows", async () => {
    const rows = await query("live", "insert into readings (value) values (1) returning id::int");

    expect(rows).toEqual([{ id: 9 }]);
  });

  it("come back once, however often they are asked for", async () => {
    const { tables } = await reapply(false);

    expect(tables.map(({ applied }) => applied)).toEqual([0, 0, 0]);
    expect(await query("live", "select count(*)::int as count from lines")).toEqual([{ count: 2 }]);
  });

  it("stay where they are when a table is named that not both have", async () => {
    const place = { url: cluster.url("app", "hush", "postgres"), clock };
    const order = {
      kept: { ...place, database: "kept" },
      live: { ...place, database: "live" },
      tables: ["public.nowhere"],
      appendOnly: [],
      isDryRun: false,
      folder: join(lab.folder, "reapply-none"),
      keepMs: 1000,
    };

    await expect(reapplyRows(openFiles(), order, signal)).rejects.toMatchObject({
      code: "refused",
      message: "not both databases have the table public.nowhere",
    });
  });
});
