import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kill } from "node:process";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startCluster } from "../../lab/cluster.ts";
import type { Cluster } from "../../lab/cluster.ts";
import { openLab } from "../../lab/lab.ts";
import type { Lab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import type { DatabaseActivity } from "../../src/system/postgres-activity.ts";
import { type Database, openDatabase } from "../../src/system/postgres.ts";
import { databaseContract } from "../contracts/database.ts";

const clock = openClock();
const { signal } = new AbortController();
const MIGRATIONS = { table: "ops.schema_migrations", column: 'the "name"' };

async function makeApplication(cluster: Cluster): Promise<void> {
  await cluster.admin("create role app login password 'hush'");
  await cluster.admin("create database app owner app");
}

databaseContract("PostgreSQL", async () => {
  const lab = await openLab();
  const cluster = await startCluster(lab);
  await makeApplication(cluster);
  return {
    database: openDatabase(
      { url: cluster.url("app", "hush", "app"), migrations: MIGRATIONS },
      clock,
    ),
    migrate: async () => {
      await cluster.admin(
        `create schema ops; create table ops.schema_migrations ("the ""name""" text);
         insert into ops.schema_migrations values ('002_alerts'), ('001_initial');
         grant usage on schema ops to app; grant select on ops.schema_migrations to app`,
        "app",
      );
    },
    stopServer: async () => cluster.stop(),
    close: async () => {
      await lab.end();
    },
  };
});

function anApplication(cluster: Cluster): Database {
  return openDatabase({ url: cluster.url("app", "hush", "app") }, clock);
}

/** Asks until what was begun shows. */
async function activityOnce(
  cluster: Cluster,
  isThere: (activity: Extract<DatabaseActivity, { kind: "answers" }>) => boolean,
): Promise<DatabaseActivity> {
  const deadline = clock.deadline(5000, signal);
  for (;;) {
    const activity = await anApplication(cluster).activity(deadline);
    if (activity.kind === "fails" || isThere(activity)) {
      return activity;
    }
  }
}

describe("PostgreSQL", () => {
  let lab: Lab;
  let cluster: Cluster;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await makeApplication(cluster);
  });

  afterAll(async () => {
    await lab.end();
  });

  it.each([
    ["a wrong password", "app", "wrong-hush", "app", "28P01", "authentication"],
    ["an unknown database", "app", "hush", "nowhere", "3D000", "no-database"],
  ])("tells %s by its phase and SQLSTATE, without the password", async (...row) => {
    const [, role, password, database, sqlstate, phase] = row;

    const answer = await openDatabase({ url: cluster.url(role, password, database) }, clock).check(
      signal,
    );

    expect(answer).toMatchObject({
      kind: "fails",
      phase,
      sqlstate,
      detail: expect.stringMatching(/^connect:/u),
    });
    expect(JSON.stringify(answer)).not.toContain("hush");
  });

  it("tells a port where nobody listens", async () => {
    const url = `postgres://app:hush@127.0.0.1:${await lab.port()}/app`;

    const answer = await openDatabase({ url }, clock).check(signal);

    expect(answer).toMatchObject({
      kind: "fails",
      phase: "refused",
      detail: expect.stringMatching(/ECONNREFUSED/u),
    });
  });

  it("tells that nobody may connect, or that this role may not", async () => {
    await cluster.admin("create database closed allow_connections false");
    await cluster.admin("create database private");
    await cluster.admin("revoke connect on database private from public");
    const phases = [];

    for (const name of ["closed", "private"]) {
      const url = cluster.url("app", "hush", name);
      const answer = await openDatabase({ url }, clock).check(signal);
      phases.push(answer.kind === "fails" ? answer.phase : answer.kind);
    }

    expect(phases).toEqual(["other", "forbidden"]);
  });

  it("is read-only by a setting of its own, not by one of the role that asks", async () => {
    await cluster.admin("create database fixed");
    await cluster.admin("create role reader login password 'hush'");
    await cluster.admin("alter role reader set default_transaction_read_only = on");
    const [reader, app] = ["reader", "app"].map((role) =>
      openDatabase({ url: cluster.url(role, "hush", "fixed") }, clock),
    );

    const before = await reader?.check(signal);
    await cluster.admin("alter database fixed set default_transaction_read_only = on");
    const after = await app?.check(signal);

    expect(before).not.toHaveProperty("readOnly");
    expect(after).toMatchObject({ readOnly: "default_transaction_read_only is on" });
  });

  it("gives up a stopped postmaster within its deadline, and gets an answer once it runs on", async () => {
    const database = openDatabase({ url: cluster.url("app", "hush", "app") }, clock);
    const file = await readFile(join(lab.folder, "postgres", "data", "postmaster.pid"), "utf8");
    const pid = Number(file.split("\n")[0]);
    kill(pid, "SIGSTOP");
    const start = clock.monotonic();

    const answer = await database.check(signal).finally(() => kill(pid, "SIGCONT"));

    // The kernel takes the connection; the one who should answer stands still.
    expect(answer).toMatchObject({ kind: "fails", phase: "answer-timeout", sqlstate: null });
    expect(clock.monotonic() - start).toBeLessThan(3500);
    expect(await database.check(signal)).toMatchObject({ kind: "answers" });
  });

  it("does not take a wrong column for a missing table", async () => {
    await cluster.admin("create table migrations (id int)", "app");
    const migrations = { table: "migrations", column: "name" };
    const url = cluster.url("app", "hush", "app");

    const asking = openDatabase({ url, migrations }, clock).schemaRevision(signal);

    await expect(asking).rejects.toMatchObject({ code: "database-unreachable" });
    await expect(asking).rejects.toThrow(/42703|42501/u);
  });

  it("counts small tables and partitions, estimates large ones, and says why it cannot tell of others", async () => {
    await cluster.admin(
      `create table doses (at int) partition by range (at);
       create table doses_old partition of doses for values from (0) to (10);
       create table doses_new partition of doses for values from (10) to (20);
       insert into doses select generate_series(0, 14);
       create table large (id int);
       insert into large values (1);
       analyze large;
       update pg_class set reltuples = 2e6 where relname = 'large';
       create table secrets (id int);
       grant select on doses, large to app`,
      "app",
    );
    const database = openDatabase({ url: cluster.url("app", "hush", "app") }, clock);

    const counts = await database.rowCounts(["doses", "large", "secrets"], signal);

    expect(counts).toEqual([
      { table: "doses", kind: "known", rows: 15, isExact: true },
      { table: "large", kind: "known", rows: 2_000_000, isExact: false },
      { table: "secrets", kind: "unknown", reason: "this role may not read it" },
    ]);
  });

  describe("asked for its activity", () => {
    const sessions: Client[] = [];

    async function aSession(role = "app", password = "hush", name = "app"): Promise<Client> {
      const client = new Client({ connectionString: cluster.url(role, password, name) });
      client.on("error", () => undefined);
      await client.connect();
      sessions.push(client);
      return client;
    }

    afterEach(async () => {
      await Promise.all(sessions.splice(0).map(async (one) => one.end()));
      await activityOnce(cluster, ({ connections }) => connections === 0);
    });

    it("tells who waits for a lock, in this database alone", async () => {
      await cluster.admin(
        "create table if not exists locked (id int); grant all on locked to app",
        "app",
      );
      const [holder, waiter, other] = [await aSession(), await aSession(), await aSession()];
      await holder.query("begin; lock table locked");
      const waiting = [waiter, other].map(async (one) => one.query("select from locked"));

      const activity = await activityOnce(cluster, (one) => one.waiting === 2);

      expect(activity).toMatchObject({ kind: "answers", waiting: 2, visible: 3, hidden: 0 });
      await holder.query("commit");
      await Promise.all(waiting);
    });

    it("tells how long the oldest transaction is open, be it idle", async () => {
      const [older, younger] = [await aSession(), await aSession()];
      await older.query("begin");
      const { rows } = await older.query<{ at: Date }>("select now() as at");
      await younger.query("begin");

      const activity = await activityOnce(cluster, (one) => one.longestTransactionMs >= 50);

      const sinceMs = clock.now() - (rows[0]?.at.getTime() ?? 0);
      expect(activity).toMatchObject({
        kind: "answers",
        longestTransactionMs: expect.closeTo(sinceMs, -3),
      });
    });

    it("tells the connections of all databases, and those that ordinary roles may have", async () => {
      await cluster.admin("create database elsewhere owner app");
      await aSession();
      await aSession("app", "hush", "elsewhere");

      const activity = await activityOnce(cluster, (one) => one.connections === 2);

      expect(activity).toMatchObject({ connections: 2, maxConnections: 57, visible: 1 });
    });

    it("tells which sessions it cannot see into, and still counts them and their waiting", async () => {
      await cluster.admin(
        "create role other login password 'hush'; create table if not exists taken (id int); grant all on taken to app, other",
        "app",
      );
      const [holder, waiter] = [await aSession("other"), await aSession("other")];
      await holder.query("begin; lock table taken");
      const waiting = waiter.query("select from taken");

      const activity = await activityOnce(cluster, (one) => one.waiting === 1);

      expect(activity).toMatchObject({
        connections: 2,
        waiting: 1,
        longestTransactionMs: 0,
        visible: 0,
        hidden: 2,
      });
      await holder.query("commit");
      await waiting;
    });

    it("tells everybody who holds the connections, by role and by the name of the program", async () => {
      const url = new URL(cluster.url("app", "hush", "app"));
      url.searchParams.set("application_name", "api");
      const [pooled, other] = [1, 2].map(() => new Client({ connectionString: url.href }));
      await Promise.all([pooled?.connect(), other?.connect(), aSession()]);
      await cluster.admin("create role stranger login password 'hush'");
      const stranger = cluster.url("stranger", "hush", "postgres");

      const answer = await openDatabase({ url: stranger }, clock).check(signal);

      await Promise.all([pooled?.end(), other?.end()]);
      expect(answer).toMatchObject({
        maxConnections: 57,
        holders: expect.arrayContaining([
          { role: "app", program: "api", sessions: 2 },
          { role: "app", program: "", sessions: 1 },
        ]),
      });
    });

    it("has no connection left once ordinary roles use them all", async () => {
      await cluster.admin("alter role app connection limit 2");
      await aSession();
      await aSession();

      const activity = await anApplication(cluster).activity(signal);

      expect(activity).toMatchObject({
        kind: "fails",
        phase: "too-many-connections",
        sqlstate: "53300",
      });
      await cluster.admin("alter role app connection limit -1");
    });
  });

  it("has a host that nobody resolves, which is no fault of the database", async () => {
    const url = "postgres://app:hush@nowhere.invalid:5432/app";

    const answer = await openDatabase({ url }, clock).activity(signal);

    expect(answer).toMatchObject({ phase: "name-resolution", local: "name-resolution" });
  });

  it("leaves no session behind", async () => {
    const database = openDatabase({ url: cluster.url("app", "hush", "app") }, clock);

    for (let count = 0; count < 20; count += 1) {
      await database.check(signal);
    }

    await cluster.admin(
      `do $$ begin
         perform pg_sleep(0.2);
         assert (select count(*) from pg_stat_activity where application_name = 'rollwatch') = 0;
       end $$`,
    );
    expect(process.getActiveResourcesInfo().filter((one) => one === "TCPSocketWrap")).toEqual([]);
  });
});
