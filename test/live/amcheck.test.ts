import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { run } from "../../lab/command.ts";
import { constructedEnvironment } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openIds } from "../../src/system/ids.ts";
import { type AmcheckAnswer, openAmcheck } from "../../src/system/postgres-amcheck.ts";
import { openDatabase } from "../../src/system/postgres.ts";
import { openProcesses } from "../../src/system/process.ts";

const clock = openClock();
const { signal } = new AbortController();
const PAGE = 8192;
/** The key of the first item of a B-tree's page: the page ends with 16 bytes of its own, an item of an integer has 16. */
const FIRST_KEY = PAGE - 16 - 16 + 8;

describe("the tables and indexes of a PostgreSQL of its own", () => {
  let lab: Lab;
  let cluster: Cluster;
  let data: string;
  let again: ChildProcess | undefined;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    data = join(lab.folder, "postgres", "data");
    await cluster.admin("create role app login password 'hush'");
    await cluster.admin("create database app owner app");
    await cluster.admin(
      `create table doses as select i as id, 'a dose' as note from generate_series(1, 200) i;
       create index doses_id on doses (id);
       create table others as select * from doses;
       create table mine (id int);
       alter table mine owner to app`,
      "app",
    );
  });

  afterAll(async () => {
    await stop();
    await lab.end();
  });

  async function check(deadlineMs = 60_000): Promise<AmcheckAnswer> {
    const ports = { clock, files: openFiles(), ids: openIds(), processes: openProcesses(clock) };
    const amcheck = openAmcheck(ports, { PATH: process.env["PATH"] ?? "" });
    return amcheck.check({ url: cluster.url("app", "hush", "app"), deadlineMs }, signal);
  }

  async function stop(): Promise<void> {
    if (again !== undefined && again.exitCode === null) {
      again.kill("SIGINT");
      await once(again, "exit");
    }
    await cluster.stop();
  }

  /** The same server again, with nothing of its files in memory. */
  async function start(): Promise<void> {
    const { uid, gid } = await stat(data);
    const settings = {
      listen_addresses: "127.0.0.1",
      port: cluster.port,
      unix_socket_directories: "",
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    again = spawn(join(cluster.programs.bin, "postgres"), ["-D", data, ...args], {
      cwd: "/",
      env: { ...constructedEnvironment(), LC_ALL: "C" },
      stdio: "ignore",
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    });
    const deadline = clock.deadline(20_000, signal);
    while (
      !(await cluster.admin("select 1").then(
        () => true,
        () => false,
      ))
    ) {
      await clock.sleep(50, deadline);
    }
  }

  /** Changes bytes of a relation's file while the server is stopped. */
  async function damage(relation: string, at: number, bytes: Buffer): Promise<void> {
    const path = join(data, await fileOf(relation));
    await stop();
    const file = await open(path, "r+");
    await file.write(bytes, 0, bytes.length, at);
    await file.close();
    await start();
  }

  async function fileOf(relation: string): Promise<string> {
    const client = new Client({ connectionString: cluster.url("app", "hush", "app") });
    await client.connect();
    const sql = `select pg_relation_filepath('${relation}') as path`;
    const { rows } = await client.query<{ path: string }>(sql);
    await client.end();
    return rows[0]?.path ?? "nowhere";
  }

  async function checksumFailures(): Promise<unknown> {
    const database = openDatabase({ url: cluster.url("app", "hush", "app") }, clock);
    const activity = await database.activity(signal);
    return activity.kind === "answers" ? activity.checksumFailures : activity.detail;
  }

  it("cannot be checked without the extension, and then not without its rights", async () => {
    const bare = await check();
    await cluster.admin("create extension amcheck", "app");
    const created = await check();

    for (const answer of [bare, created]) {
      expect(answer).toMatchObject({
        kind: "unknown",
        why: "rights",
        detail: expect.stringContaining("create extension amcheck"),
      });
    }
  });

  it("are sound, and it takes a limit of the database's own for no damage", async () => {
    await cluster.admin(
      `grant execute on function bt_index_check(regclass, boolean), bt_index_check(regclass) to app;
       grant execute on function verify_heapam to app;
       alter database app set statement_timeout = 1`,
      "app",
    );

    const answer = await check();

    await cluster.admin("alter database app reset statement_timeout");
    expect(answer).toEqual({ kind: "sound" });
  });

  it("are not known to be damaged when there was no time to look", async () => {
    const holder = new Client({ connectionString: cluster.url("app", "hush", "app") });
    await holder.connect();
    await holder.query("begin");
    await holder.query("lock table mine");

    const answer = await check(1000);

    await holder.end();
    expect(answer).toMatchObject({
      kind: "unknown",
      detail: expect.stringContaining("took too long"),
    });
  });

  it("are damaged where a page of an index is", async () => {
    await damage("doses_id", PAGE + FIRST_KEY, Buffer.from([0xff, 0xff, 0xff, 0x7f]));

    expect(await check()).toMatchObject({
      kind: "corrupt",
      damaged: ["app.public.doses_id"],
      detail: expect.stringContaining("item order invariant violated"),
    });
  });

  it("are damaged where a page of a table is too", async () => {
    // The first bytes of the newest row of a page: the transaction that wrote it.
    await damage("doses", PAGE - 40, Buffer.from([0xf0, 0xff, 0xff, 0xff]));

    expect(await check()).toMatchObject({
      kind: "corrupt",
      damaged: expect.arrayContaining(["app.public.doses", "app.public.doses_id"]),
    });
  });

  it("have checksums once they are switched on, and then a damaged page is counted", async () => {
    const without = await checksumFailures();
    await stop();
    const { uid, gid } = await stat(data);
    const bin = dirname(await realpath(join(cluster.programs.bin, "postgres")));
    await run(join(bin, "pg_checksums"), ["--enable", "-D", data], {
      cwd: "/",
      env: constructedEnvironment(),
      ...(process.getuid?.() === 0 ? { as: { uid, gid } } : {}),
    });
    await start();
    const before = await checksumFailures();
    await damage("others", 4000, Buffer.from("damaged"));
    const reading = cluster.admin("select count(*) from others", "app");
    await expect(reading).rejects.toThrow(/invalid page/u);

    let after = await checksumFailures();
    const deadline = clock.deadline(5000, signal);
    while (after === 0) {
      await clock.sleep(50, deadline);
      after = await checksumFailures();
    }

    expect([without, before, after]).toEqual([null, 0, 1]);
  });
});
