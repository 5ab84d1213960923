import { mkdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCluster } from "../../lab/cluster.ts";
import type { Cluster } from "../../lab/cluster.ts";
import { openLab } from "../../lab/lab.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Dump } from "../../src/model/database-record.ts";
import { messageOf } from "../../src/model/failure.ts";
import { openCatalogue } from "../../src/release/catalogue.ts";
import { dumpDatabase } from "../../src/release/dump.ts";
import { proveDump } from "../../src/release/prove-dump.ts";
import {
  makeWarmDatabase,
  removeUnfinishedDatabases,
  type WarmPorts,
} from "../../src/release/warm-database.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openIds } from "../../src/system/ids.ts";
import { openDatabasesBeside } from "../../src/system/postgres-beside.ts";
import { openPostgresPrograms } from "../../src/system/postgres-programs.ts";
import { openPostgresRestore } from "../../src/system/postgres-restore.ts";
import { openDatabaseSource } from "../../src/system/postgres-source.ts";
import { openProcesses } from "../../src/system/process.ts";
import { aRelease } from "../support/builders.ts";

const { signal } = new AbortController();
const clock = openClock();
const files = openFiles();
const ids = openIds();
const processes = openProcesses(clock);
const environment = { PATH: process.env["PATH"] ?? "" };

/** Everything that a copy may lose. */
const LIVE = `
  create table radiation_personnel (id serial primary key, name text not null);
  create table devices (id serial primary key, status varchar(20) not null check (status in ('ok', 'lost')));
  create table dose_readings (
    id bigserial primary key, personnel int not null references radiation_personnel, device int not null references devices,
    dose numeric(10, 3) not null check (dose >= 0), raw jsonb
  );
  create table alerts (id serial primary key, reading bigint not null references dose_readings, note text collate "C");
  create index on dose_readings (personnel, dose);
  create view doses as select p.name, sum(d.dose) as total
    from radiation_personnel p join dose_readings d on d.personnel = p.id group by p.name;
  insert into radiation_personnel (name) select 'person ' || i from generate_series(1, 50) i;
  insert into devices (status) select 'ok' from generate_series(1, 20);
  insert into dose_readings (personnel, device, dose, raw)
    select 1 + i % 50, 1 + i % 20, i % 7, jsonb_build_object('i', i) from generate_series(1, 5000) i;
  insert into alerts (reading, note) select i, 'ä alert' from generate_series(1, 100) i;
  create table monthly (id int, at date) partition by range (at);
  create table monthly_1 partition of monthly for values from ('2026-01-01') to ('2026-02-01');
  insert into monthly values (1, '2026-01-05');
  create unlogged table scratch (id int); insert into scratch values (1), (2);
  create materialized view summary as select count(*) from dose_readings;
  create sequence "odd ""sequence""" increment by -1; select nextval('"odd ""sequence"""') from generate_series(1, 3);
  create schema ops; create table ops."odd ""name""" (id int);
  select lo_from_bytea(0, 'a large object');
`;

async function die(): Promise<never> {
  throw new Error("killed");
}

describe.skipIf(process.env["ROLLWATCH_PG_BIN"] === "embedded")("a warm database", () => {
  let lab: Lab;
  let cluster: Cluster;
  let state: string;
  let count = 0;
  let live = "";
  let ports: WarmPorts;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await cluster.admin(`
      create role app login password 'hush-hush'; create role auditor; create role other;
      create role watcher login createdb createrole in role app, pg_signal_backend, pg_read_all_data password 'hush-hush';
      grant set on parameter my.note to watcher`);
    await cluster.admin("alter system set max_prepared_transactions = 2");
    await cluster.admin("alter system set wal_level = 'logical'");
    await cluster.stop();
    await cluster.start();
    state = join(lab.folder, "state");
  });

  beforeEach(async () => {
    count += 1;
    live = `radiation_${count}`;
    await cluster.admin(
      `create database ${live} owner app template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'`,
    );
    await cluster.admin(`alter database ${live} connection limit 40`);
    await cluster.admin(`revoke connect on database ${live} from public`);
    await cluster.admin(
      `grant connect on database ${live} to auditor with grant option; grant create on database ${live} to app`,
    );
    await cluster.admin(`alter database ${live} set timezone = 'Europe/Vienna'; alter database ${live} set search_path = "$user", public, ops;
      alter role app in database ${live} set statement_timeout = '30s'; alter database ${live} set my.note = 'it''s \\ odd';
      comment on database ${live} is 'the one''s \\ own'`);
    await cluster.admin(`set role app; ${LIVE}`, live);
    ports = portsAs("watcher");
  });

  afterEach(async () => {
    await cluster.admin("rollback prepared 'held'", live).catch(() => undefined);
    await cluster.admin(`drop database ${live} with (force)`).catch(() => undefined);
    for (const name of await databases()) {
      await cluster.admin(`drop database ${name} with (force)`);
    }
  });

  afterAll(async () => {
    await lab.end();
  });

  function portsAs(role: string, over: Partial<WarmPorts> = {}): WarmPorts {
    const url = cluster.url(role, "hush-hush", live);
    return {
      catalogue: openCatalogue(files, state),
      clock,
      files,
      programs: openPostgresPrograms({ files, processes }, environment),
      restorer: openPostgresRestore({ processes }, environment),
      source: openDatabaseSource(url, { clock, ids }),
      beside: openDatabasesBeside(url, { clock, ids }),
      stateFolder: state,
      ...over,
    };
  }

  async function aCapturedRelease(): Promise<string> {
    const id = `rel-${count}`;
    await mkdir(join(state, "releases", id), { recursive: true, mode: 0o700 });
    const manifest = `${JSON.stringify(aRelease({ id }))}\n`;
    await files.writeAtomic(join(state, "releases", id, "manifest.json"), manifest, 0o600);
    return id;
  }

  async function query(
    sql: string,
    database: string,
    role = "watcher",
  ): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: cluster.url(role, "hush-hush", database) });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** The ones that rollwatch made. */
  async function databases(): Promise<readonly string[]> {
    const rows = await query(
      "select datname from pg_database where datname like 'rollwatch%' order by 1",
      "postgres",
    );
    return rows.map(({ datname }) => String(datname));
  }

  /** Hashes of every row of every table, sequences and large objects. */
  async function contentOf(database: string): Promise<unknown> {
    return query(
      `select 'readings' as what, md5(string_agg(t::text, ';' order by id)) as value from dose_readings t
       union all select 'alerts', md5(string_agg(t::text, ';' order by id)) from alerts t
       union all select 'scratch', count(*)::text from scratch
       union all select 'summary', max(count)::text from summary
       union all select 'doses', md5(string_agg(d::text, ';' order by name)) from doses d
       union all select 'large', string_agg(encode(lo_get(oid), 'escape'), ';') from pg_largeobject_metadata
       union all select 'sequences', string_agg(sequencename || ' ' || coalesce(last_value::text, '-'), ';' order by sequencename) from pg_sequences
       union all select 'collation', datcollate || datctype || pg_encoding_to_char(encoding) from pg_database where datname = current_database()`,
      database,
    );
  }

  it.each(["clone", "online", "restored"] as const)(
    "is equal to the live one when %s",
    async (way) => {
      const release = await aCapturedRelease();
      const order = way === "restored" ? { way, ...(await aDump(release)) } : { way };

      const warm = await makeWarmDatabase(ports, release, order, signal);

      const [found] = await query(
        `select oid::int, datallowconn from pg_database where datname = '${warm.name}'`,
        "postgres",
      );
      expect(found).toEqual({ oid: warm.oid, datallowconn: false });
      expect(warm).toMatchObject({
        how: way,
        live: { name: live },
        snapshot: expect.stringMatching(/^\d+:\d+:/u),
        rows: {
          "public.dose_readings": 5000,
          "public.scratch": 2,
          "public.monthly_1": 1,
          'ops.odd "name"': 0,
        },
        properties: {
          owner: "app",
          connectionLimit: 40,
          comment: "the one's \\ own",
          acl: expect.arrayContaining([expect.stringContaining("auditor=c*/app")]),
          settings: [
            " TimeZone=Europe/Vienna",
            " my.note=it's \\ odd",
            ' search_path="$user", public, ops',
            "app statement_timeout=30s",
          ],
        },
      });
      expect(await ports.catalogue.readWarm(release)).toEqual(warm);
      await cluster.admin(`alter database ${warm.name} allow_connections true`);
      expect(await contentOf(warm.name)).toEqual(await contentOf(live));
      expect(await files.list(join(state, "databases"))).toEqual([]);
    },
  );

  async function aDump(release: string): Promise<{
    readonly dump: Dump;
    readonly path: string;
  }> {
    const record = await dumpDatabase(
      { ...ports, revision: async () => null },
      { release, schema: undefined, application: "radiation", settings: {} },
      signal,
    );
    if (record.kind !== "dump") {
      throw new Error(`a ${record.kind} instead of a dump`);
    }
    return { dump: record, path: join(ports.catalogue.folderOf(release), record.file) };
  }

  it("drops the one before only when the new one stands", async () => {
    const release = await aCapturedRelease();
    const first = await makeWarmDatabase(ports, release, { way: "clone" }, signal);

    const second = await makeWarmDatabase(ports, release, { way: "online" }, signal);

    expect(await databases()).toEqual([second.name]);
    expect(second.name).not.toBe(first.name);
  });

  it("makes one online while a client writes, of which no request fails", async () => {
    const release = await aCapturedRelease();
    const client = new Client({ connectionString: cluster.url("app", "hush-hush", live) });
    client.on("error", () => undefined);
    await client.connect();
    const written: number[] = [];
    const over = new AbortController();
    async function write(): Promise<void> {
      while (!over.signal.aborted) {
        await client.query("insert into alerts (reading, note) values (1, 'meanwhile')");
        written.push(1);
      }
    }
    const writing = write();
    writing.catch(() => undefined);

    const warm = await makeWarmDatabase(ports, release, { way: "online" }, signal);
    over.abort();
    await writing;
    await client.end();

    await cluster.admin(`alter database ${warm.name} allow_connections true`);
    const [inWarm] = await query("select count(*)::int as n from alerts", warm.name);
    const [inLive] = await query("select count(*)::int as n from alerts", live);
    expect(inLive).toEqual({ n: 100 + written.length });
    expect(inWarm).toEqual({ n: warm.rows["public.alerts"] });
    expect(written.length).toBeGreaterThan(warm.rows["public.alerts"] ?? 0);
  });

  it.each([
    [
      "a prepared transaction",
      "begin; create table held (); prepare transaction 'held'",
      "prepared transactions are open (held)",
    ],
    [
      "a logical slot",
      "select pg_create_logical_replication_slot('feed', 'test_decoding')",
      "logical replication slots hang on the database (feed)",
    ],
    [
      "a subscription",
      "create subscription sub connection 'dbname=none' publication p with (connect = false)",
      "subscriptions feed the database (sub)",
    ],
    [
      "an untrusted extension",
      "create extension postgres_fdw",
      "these extensions cannot be made anew (not installed in this version, or only by a superuser): postgres_fdw",
    ],
    [
      "tables of somebody else",
      "create table foreigners (id int)",
      "no member of roles that own parts of the database: postgres",
    ],
    [
      "row security",
      "create role guard; grant guard to watcher; alter table alerts enable row level security; alter table alerts force row level security",
      "row security may hide rows of these tables (BYPASSRLS): alerts",
    ],
  ])("refuses %s before anything is made", async (_what, sql, reason) => {
    const release = await aCapturedRelease();
    await cluster.admin(sql, live);

    const making = makeWarmDatabase(ports, release, { way: "online" }, signal);

    await expect(making).rejects.toMatchObject({
      code: "dump-failed",
      message: expect.stringContaining(reason),
    });
    expect(await databases()).toEqual([]);
    await cluster.admin(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots",
      live,
    );
    await cluster.admin(
      "do $$ begin if exists (select from pg_subscription) then alter subscription sub disable; alter subscription sub set (slot_name = none); end if; end $$",
      live,
    );
    await cluster.admin("drop subscription if exists sub", live);
    await cluster.admin("drop role if exists guard");
  });

  it("names everything that a role without rights lacks", async () => {
    const release = await aCapturedRelease();
    await cluster.admin("create role stranger login password 'hush-hush'");
    await cluster.admin(`grant connect on database ${live} to stranger`);

    const making = makeWarmDatabase(portsAs("stranger"), release, { way: "online" }, signal);

    await expect(making).rejects.toMatchObject({
      message: expect.stringMatching(
        /stranger may create no database.*no member of the database's owner app.*cannot be read/u,
      ),
    });
    await cluster.admin(`revoke connect on database ${live} from stranger`);
    await cluster.admin("drop role stranger");
  });

  it("clones nothing that somebody uses, and names who does", async () => {
    const release = await aCapturedRelease();
    const client = new Client({
      connectionString: cluster.url("app", "hush-hush", live),
      application_name: "reader",
    });
    await client.connect();

    const making = makeWarmDatabase(ports, release, { way: "clone" }, signal);

    await expect(making).rejects.toThrow("cannot be cloned while others use it: app reader");
    await client.end();
  });

  it("refuses an older pg_dump, a dump of another database, and a dump that was cut", async () => {
    const release = await aCapturedRelease();
    const { dump, path } = await aDump(release);
    const program = await ports.programs.find(13, undefined, signal);
    const older = { ...ports.programs, find: async () => undefined };
    const cut = `${path}.cut`;
    await files.copy(path, cut, signal);
    await truncate(cut, dump.bytes - 2000);

    const rows = { ...dump.rows, "public.alerts": 99 };
    const foreign = { ...dump, systemIdentifier: "1" };
    const tries = [
      [{ ...ports, programs: older }, { way: "online" }],
      [ports, { way: "restored", path, dump: foreign }],
      [ports, { way: "restored", path: cut, dump }],
      [ports, { way: "restored", path, dump: { ...dump, rows } }],
    ] as const;
    const refusals: string[] = [];
    // One after the other: each is named by its millisecond.
    for (const [parts, order] of tries) {
      const making = makeWarmDatabase(parts, release, order, signal);
      refusals.push(await making.then(() => "made", messageOf));
    }

    expect(program).toBeDefined();
    expect(refusals).toEqual([
      expect.stringContaining("there is no pg_dump of version 15 or later"),
      expect.stringContaining(`it is a dump of ${live} in cluster 1`),
      expect.stringContaining("pg_restore ended with status 1"),
      expect.stringContaining("public.alerts has 100 rows instead of 99"),
    ]);
    expect(await databases()).toEqual([]);
  });

  it.each(["create", "copyProperties", "close"] as const)(
    "leaves nothing behind after the next start when killed at %s",
    async (step) => {
      const release = await aCapturedRelease();
      const { beside } = ports;
      const dying = {
        ...beside,
        // A dead process drops nothing.
        drop: die,
        [step]: async (name: string) => {
          await beside[step](name, signal);
          return die();
        },
      };

      const making = makeWarmDatabase(
        { ...ports, beside: dying },
        release,
        { way: "online" },
        signal,
      );

      await expect(making).rejects.toThrow("killed");
      const left = await databases();
      expect(left).toHaveLength(1);
      expect(await removeUnfinishedDatabases(ports, signal)).toEqual(left);
      expect(await databases()).toEqual([]);
      expect(await files.list(join(state, "databases"))).toEqual([]);
    },
  );

  it("of a dump proves it, notes that with the dump, and goes at once", async () => {
    const release = await aCapturedRelease();
    await aDump(release);

    const proven = await proveDump(ports, { release }, signal);

    expect(proven.provenAt).toBeGreaterThan(proven.at);
    expect(proven.restoreSeconds).toBeGreaterThan(0);
    expect(await ports.catalogue.readDatabase(release)).toEqual(proven);
    expect(await databases()).toEqual([]);
    expect(await files.list(join(state, "databases"))).toEqual([]);
  });

  it("of a dump whose file was cut proves nothing", async () => {
    const release = await aCapturedRelease();
    const { dump, path } = await aDump(release);
    await truncate(path, dump.bytes - 2000);

    const proving = proveDump(ports, { release }, signal);

    await expect(proving).rejects.toMatchObject({ code: "dump-failed" });
    expect(await ports.catalogue.readDatabase(release)).toEqual(dump);
    expect(await databases()).toEqual([]);
  });

  it("drops what is half made when it is given up", async () => {
    const release = await aCapturedRelease();
    const work = new AbortController();
    const { restorer } = ports;
    const slow = {
      ...restorer,
      copy: async (...[order]: Parameters<typeof restorer.copy>) => {
        await restorer.copy(order, signal);
        work.abort(new Error("an incident began"));
        work.signal.throwIfAborted();
      },
    };

    const making = makeWarmDatabase(
      { ...ports, restorer: slow },
      release,
      { way: "online" },
      work.signal,
    );

    await expect(making).rejects.toThrow("an incident began");
    expect(await databases()).toEqual([]);
    expect(await files.list(join(state, "databases"))).toEqual([]);
  });
});
