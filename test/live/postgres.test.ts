import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kill } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster } from "../../lab/cluster.ts";
import type { Cluster } from "../../lab/cluster.ts";
import { openLab } from "../../lab/lab.ts";
import type { Lab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import { openDatabase } from "../../src/system/postgres.ts";
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
    ["a wrong password", "app", "wrong-hush", "app", "28P01"],
    ["an unknown database", "app", "hush", "nowhere", "3D000"],
  ])("tells %s by its SQLSTATE, without the password", async (...row) => {
    const [, role, password, database, sqlstate] = row;

    const answer = await openDatabase({ url: cluster.url(role, password, database) }, clock).check(
      signal,
    );

    expect(answer).toMatchObject({
      kind: "fails",
      sqlstate,
      detail: expect.stringMatching(/^connect:/u),
    });
    expect(JSON.stringify(answer)).not.toContain("hush");
  });

  it("tells a port where nobody listens", async () => {
    const url = `postgres://app:hush@127.0.0.1:${await lab.port()}/app`;

    const answer = await openDatabase({ url }, clock).check(signal);

    expect(answer).toMatchObject({ kind: "fails", detail: expect.stringMatching(/ECONNREFUSED/u) });
  });

  it("gives up a stopped postmaster within its deadline, and gets an answer once it runs on", async () => {
    const database = openDatabase({ url: cluster.url("app", "hush", "app") }, clock);
    const file = await readFile(join(lab.folder, "postgres", "data", "postmaster.pid"), "utf8");
    const pid = Number(file.split("\n")[0]);
    kill(pid, "SIGSTOP");
    const start = clock.monotonic();

    const answer = await database.check(signal).finally(() => kill(pid, "SIGCONT"));

    expect(answer).toMatchObject({ kind: "fails", sqlstate: null });
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
