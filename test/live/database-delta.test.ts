import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import type { DatabaseDelta, TableLoss } from "../../src/model/database-delta.ts";
import { compareDatabases, type DeltaOrder } from "../../src/release/delta.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import type { DatabasePlace } from "../../src/system/postgres-reading.ts";
import { estimateLoss } from "../../src/system/postgres-loss.ts";

const { signal } = new AbortController();
const clock = openClock();
const files = openFiles();

let lab: Lab;
let cluster: Cluster;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(
    "create role app login createdb password 'hush'; grant pg_read_all_data to app",
  );
});

afterAll(async () => {
  await lab.end();
});

function place(database: string): DatabasePlace {
  return { url: cluster.url("app", "hush", "postgres"), database, clock };
}

async function withClient<T>(database: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: cluster.url("app", "hush", database) });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function compare(
  kept: string,
  live: string,
  more: Partial<DeltaOrder> = {},
): Promise<DatabaseDelta> {
  return compareDatabases(files, { kept: place(kept), live: place(live), ...more }, signal);
}

const Side = z.object({ id: z.number() });
const Line = z.object({ op: z.string(), kept: Side.optional(), live: Side.optional() });
type Line = z.infer<typeof Line>;

function linesOf(text: string): readonly Line[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => Line.parse(JSON.parse(line)));
}

function idsOf(lines: readonly Line[], op: string, side: "kept" | "live"): readonly number[] {
  return sorted(lines.filter((line) => line.op === op).map((line) => line[side]?.id ?? Number.NaN));
}

function sorted(ids: Iterable<number>): readonly number[] {
  return [...ids].toSorted((one, other) => one - other);
}

/** A generator of numbers that are the same in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** The ids of the rows that a history inserted, changed and deleted. */
interface Truth {
  readonly inserted: Set<number>;
  readonly updated: Set<number>;
  readonly deleted: Set<number>;
}

/** Transactions on `readings` with ids from 1 to 3000, with savepoints, a quarter of them taken back. */
async function writeAtRandom(client: Client): Promise<Truth> {
  const roll = dice(4711);
  const truth = {
    inserted: new Set<number>(),
    updated: new Set<number>(),
    deleted: new Set<number>(),
  };
  for (let round = 0; round < 250; round += 1) {
    const [isKept, old, fresh] = [roll(4) !== 0, 1 + roll(3000), 3001 + round];
    await client.query(roll(2) === 0 ? "begin" : "begin; savepoint a");
    const note = [
      async () => {
        await client.query("insert into readings values ('新', $1, 1, now(), null)", [fresh]);
        return () => truth.inserted.add(fresh);
      },
      async () => {
        const sql = "update readings set value = -$2::int where id = $1";
        const { rowCount } = await client.query(sql, [old, round + 1]);
        return () => rowCount === 1 && truth.updated.add(old);
      },
      async () => {
        await client.query("delete from readings where id = $1", [old]);
        return () => truth.deleted.add(old) && truth.updated.delete(old);
      },
    ][roll(3)];
    const keep = await note?.();
    await client.query("savepoint b; update readings set notes = '[]'; rollback to savepoint b");
    await client.query(isKept ? "commit" : "rollback");
    if (isKept) {
      keep?.();
    }
  }
  return truth;
}

describe("what a swap would lose", () => {
  let snapshot: string;
  let at: number;

  beforeAll(async () => {
    await cluster.admin("create database loss owner app");
    await withClient("loss", async (client) => {
      await client.query(`
        create table doses (id int primary key, note text);
        insert into doses select i, 'a dose' from generate_series(1, 100) i;
        create table quiet as table doses;
        create table shrinking as table doses;
        create table widened as table doses;
        create table parted (id int) partition by range (id);
        create table parted_low partition of parted for values from (0) to (100);
        create table gone as table doses`);
    });
  });

  it("counts rows of savepoints that were open at the snapshot, updates, deletions and new tables, and says what cannot be told", async () => {
    await withClient("loss", async (writer) => {
      await writer.query("begin; select pg_current_xact_id(); savepoint one");
      await writer.query("insert into doses values (101, 'in a savepoint')");
      snapshot = await withClient("loss", async (client) => {
        const { rows } = await client.query<{ now: string }>(
          "select pg_current_snapshot()::text as now",
        );
        return rows[0]?.now ?? "";
      });
      at = clock.now();
      await writer.query("commit");
    });
    await withClient("loss", async (client) => {
      await client.query(`
        update doses set note = 'changed' where id <= 5;
        insert into doses values (200, 'later');
        delete from shrinking where id <= 7;
        alter table widened alter column id type bigint;
        insert into parted values (1), (2);
        create table fresh as select 1 as id;
        drop table gone`);
    });
    const counted = ["doses", "quiet", "shrinking", "widened", "gone"];
    const rows = {
      ...Object.fromEntries(counted.map((name) => [`public.${name}`, 100])),
      "public.parted": 0,
    };

    const losses = await estimateLoss(place("loss"), { snapshot, rows, at }, signal);

    const found = new Map(losses.map((one: TableLoss) => [one.table, one]));
    expect(found.get("public.doses")).toMatchObject({
      rows: 7,
      why: "7 inserted or changed since, 5 of the snapshot's 100 changed or gone",
    });
    expect(found.get("public.shrinking")?.rows).toBe(7);
    expect(found.get("public.parted")?.rows).toBe(2);
    expect(found.get("public.fresh")?.rows).toBe(1);
    expect(found.get("public.gone")).toMatchObject({ rows: 100, why: "the table is gone" });
    expect(found.get("public.widened")?.rows).toBe("unknown");
    expect(found.get("public.widened")?.why).toMatch(/written anew since the snapshot, all 100/u);
    expect(found.has("public.quiet")).toBe(false);
  });

  it("says of another server's snapshot that nothing is known", async () => {
    const losses = await estimateLoss(
      place("loss"),
      { snapshot: "99000000:99000000:", rows: {}, at },
      signal,
    );

    expect(losses.length).toBeGreaterThan(3);
    expect(losses.every(({ rows }) => rows === "unknown")).toBe(true);
  });

  it("says of a table that this role may not read that nothing is known", async () => {
    await cluster.admin(
      "create role poor login password 'poor'; create table hidden (id int)",
      "loss",
    );
    const poor = { ...place("loss"), url: cluster.url("poor", "poor", "postgres") };

    const losses = await estimateLoss(poor, { snapshot, rows: {}, at }, signal);

    expect(losses.find(({ table }) => table === "public.hidden")).toMatchObject({
      rows: "unknown",
      why: "this role may not read it",
    });
  });
});

describe("the exact difference of two databases", () => {
  it("is that of a model after a random history with savepoints and rollbacks", async () => {
    await cluster.admin("create database base owner app");
    await withClient("base", async (client) => {
      await client.query(`
        create table readings (site text collate "C", id int, value numeric(9,3), at timestamptz, notes jsonb, primary key (site, id));
        insert into readings select 'é' || i % 7, i, i / 3.0, now(), json_build_object('i', i) from generate_series(1, 3000) i;
        create table logs (line text, number int);
        insert into logs select 'line ' || i % 50, i % 3 from generate_series(1, 600) i`);
    });
    await cluster.admin("create database live template base owner app");
    await cluster.admin("create database kept template base owner app");
    const truth = await withClient("kept", async (client) => {
      const written = await writeAtRandom(client);
      await client.query(`
        insert into logs values ('line 1', 1), ('line 1', 1), ('new', null);
        delete from logs where ctid in (select ctid from logs where line = 'line 2' limit 3)`);
      return written;
    });
    const folder = join(lab.folder, "delta");

    const delta = await compare("kept", "live", { into: { folder, keepMs: 1000 } });

    const readings = delta.tables.find(({ table }) => table === "public.readings");
    expect(readings).toMatchObject({
      by: "key",
      inserted: truth.inserted.size,
      updated: truth.updated.size,
      deleted: truth.deleted.size,
      newer: 0,
      problem: null,
    });
    expect(delta.tables.find(({ table }) => table === "public.logs")).toMatchObject({
      by: "rows",
      inserted: 3,
      updated: 0,
      deleted: 3,
    });
    const file = delta.files.find(({ table }) => table === "public.readings");
    const path = join(folder, file?.file ?? "");
    const text = await readFile(path, "utf8");
    expect(createHash("sha256").update(text).digest("hex")).toBe(file?.sha256);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const lines = linesOf(text);
    expect(idsOf(lines, "inserted", "kept")).toEqual(sorted(truth.inserted));
    expect(idsOf(lines, "updated", "kept")).toEqual(sorted(truth.updated));
    expect(idsOf(lines, "updated", "live")).toEqual(sorted(truth.updated));
    expect(idsOf(lines, "deleted", "live")).toEqual(sorted(truth.deleted));
    expect(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))).toEqual(delta);
  });

  it("compares what both schemas have, and tells rows apart that came after the swap", async () => {
    await cluster.admin("create database bad template base owner app");
    await cluster.admin("create database good template base owner app");
    const swappedAt = await withClient("bad", async (client) => {
      await client.query(`
        alter table readings add column extra int default 5, drop column notes;
        create table fresh as select 1 as id;
        drop table logs;
        update readings set extra = 6;
        insert into readings (site, id) values ('only here', 1)`);
      const { rows } = await client.query<{ now: string }>(
        "select pg_current_snapshot()::text as now",
      );
      return rows[0]?.now ?? "";
    });
    await withClient("good", async (client) => {
      await client.query("insert into readings (site, id) values ('after the swap', 1)");
    });

    const delta = await compare("bad", "good", { swappedAt });

    expect(delta.folder).toBeNull();
    expect(delta.tables).toMatchObject([
      { table: "public.fresh", by: "kept-only", inserted: 1 },
      { table: "public.logs", by: "live-only", deleted: 600 },
      {
        table: "public.readings",
        inserted: 1,
        updated: 0,
        deleted: 0,
        newer: 1,
        notes: [
          "column extra is only in the kept database",
          "column notes is only in the live database",
        ],
      },
    ]);
  });

  it("goes on after a table that it may not read", async () => {
    await cluster.admin("create database secret template base owner app");
    await cluster.admin("create database secret_too template base owner app");
    for (const database of ["secret", "secret_too"]) {
      await cluster.admin(
        "create table b_rows (id int primary key); alter table b_rows enable row level security, force row level security; grant select on b_rows to app; insert into readings values ('x', 1)",
        database,
      );
    }

    const delta = await compare("secret", "secret_too");

    expect(delta.tables.find(({ table }) => table === "public.b_rows")?.problem).toMatch(
      /row-level security/u,
    );
    expect(delta.tables.find(({ table }) => table === "public.readings")?.problem).toBeNull();
  });

  it("reads 200,000 rows with little memory", async () => {
    await cluster.admin("create database big owner app");
    await withClient("big", async (client) => {
      await client.query(`
        create table many (id int primary key, note text);
        insert into many select i, repeat(md5(i::text), 8) from generate_series(1, 200000) i`);
    });
    await cluster.admin("create database big_too template big owner app");
    await withClient("big", async (client) => {
      await client.query("update many set note = 'other' where id % 10 = 0");
    });
    const folder = join(lab.folder, "big-delta");
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let highest = before;
    const watching = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().rss);
    }, 20);

    const delta = await compare("big", "big_too", { into: { folder, keepMs: 1000 } }).finally(
      () => {
        clearInterval(watching);
      },
    );

    expect(delta.tables).toMatchObject([{ inserted: 0, updated: 20_000, deleted: 0 }]);
    expect(delta.files).toMatchObject([{ lines: 20_000 }]);
    process.stderr.write(
      `200k rows: ${delta.seconds} s, ${Math.round((highest - before) / 2 ** 20)} MiB more\n`,
    );
    expect(highest - before).toBeLessThan(150 * 2 ** 20);
  });
});
