import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startCluster } from "../../lab/cluster.ts";
import type { Cluster } from "../../lab/cluster.ts";
import { openLab } from "../../lab/lab.ts";
import type { Lab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openIds } from "../../src/system/ids.ts";
import { type Instance, openInstance } from "../../src/system/instance.ts";
import { openLeftSessions } from "../../src/system/postgres-left-behind.ts";
import { sessionName, taggedAddress } from "../../src/system/postgres-own.ts";
import { openPostgresPrograms } from "../../src/system/postgres-programs.ts";
import { openDatabaseSource } from "../../src/system/postgres-source.ts";
import { openProcesses, type Processes } from "../../src/system/process.ts";
import { type Child, sourceUrl, withChild } from "../support/child.ts";

const { signal } = new AbortController();
const clock = openClock();
const files = openFiles();
const ids = openIds();
const PATH = process.env["PATH"] ?? "";
const NIGHT_MS = 3_600_000;
/** What a copy of a database waits for once it has locked what it copies. */
const CATALOGUE = "pg_database in share row exclusive mode";
const COPIES =
  "select count(*) > 0 as is from pg_stat_activity where query like 'create database%' and wait_event_type = 'Lock'";

function selfIn(folder: string): { instance: Instance; processes: Processes } {
  const instance = openInstance({ state: folder, files });
  return { instance, processes: openProcesses(clock, instance) };
}

/** That of a process with the same pid before this one. */
function deadTagOf(instance: Instance): string {
  const [folder, pid, start = "", boot] = instance.tag().split(".");
  return [folder, pid, (Number.parseInt(start, 36) - 1).toString(36), boot].join(".");
}

describe("what a killed rollwatch left at a database", () => {
  let lab: Lab;
  let cluster: Cluster;
  let admin: Client;
  let url: string;
  let state: string;
  let count = 0;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await cluster.admin("create role app login createdb password 'hush-hush'");
    await cluster.admin("create role other login password 'hush-hush'");
    await cluster.admin("create database app owner app");
    await cluster.admin(
      `create table readings (id int); insert into readings values (1); alter table readings owner to app;
       create function slow(id int) returns int language plpgsql immutable as 'begin perform pg_sleep(600 * id); return id; end';
       create table slowly (id int); alter table slowly owner to app; alter function slow owner to app;
       create index on slowly (slow(id)); insert into slowly values (0)`,
      "app",
    );
    url = cluster.url("app", "hush-hush", "app");
    await cluster.admin("create role boss login superuser password 'hush-hush'");
    // Not in the database that is copied: that would be refused.
    admin = await connected(cluster.url("boss", "hush-hush", "postgres"));
  });

  beforeEach(async () => {
    count += 1;
    state = join(lab.folder, `state-${count}`);
    await mkdir(state);
  });

  afterAll(async () => {
    await admin.end();
    await lab.end();
  });

  /** A lock that somebody else holds meanwhile: a session in a transaction of its own sees no others come and go. */
  async function whileLocked(
    lock: string,
    database: string,
    body: () => Promise<void>,
  ): Promise<void> {
    const holder = new Client({ connectionString: cluster.url("boss", "hush-hush", database) });
    await holder.connect();
    try {
      await holder.query(`begin; lock table ${lock}`);
      await body();
    } finally {
      await holder.end();
    }
  }

  async function endSessions(folder: string): Promise<number> {
    const { instance } = selfIn(folder);
    return openLeftSessions([taggedAddress(url, instance)], { clock, instance }).end(signal);
  }

  /** `rollwatch…` sessions of anybody, as `name state`. */
  async function sessions(): Promise<readonly string[]> {
    const { rows } = await admin.query<{ name: string }>(
      "select application_name as name from pg_stat_activity where application_name like 'rollwatch%'",
    );
    return rows.map(({ name }) => name);
  }

  async function untilTrue(what: string, sql: string): Promise<void> {
    const end = clock.monotonic() + 30_000;
    while ((await admin.query<{ is: boolean }>(sql)).rows[0]?.is !== true) {
      if (clock.monotonic() > end) {
        throw new Error(`never seen: ${what}`);
      }
      await clock.sleep(50, signal);
    }
  }

  /** A rollwatch of the state folder that does `work`, in which its parts are at hand. */
  async function withRollwatch(work: string, body: (child: Child) => Promise<void>): Promise<void> {
    const parts = [
      ["system/clock.ts", "openClock"],
      ["system/files.ts", "openFiles"],
      ["system/ids.ts", "openIds"],
      ["system/instance.ts", "openInstance"],
      ["system/postgres-own.ts", "taggedAddress"],
      ["system/postgres-programs.ts", "openPostgresPrograms"],
      ["system/postgres-restore.ts", "openPostgresRestore"],
      ["system/postgres-session.ts", "withClient"],
      ["system/postgres-source.ts", "openDatabaseSource"],
      ["system/process.ts", "openProcesses"],
    ].map(([path = "", name]) => `const { ${name} } = await import("${sourceUrl(path)}");`);
    const source = `
      ${parts.join("\n")}
      const { signal } = new AbortController();
      const [clock, files, ids] = [openClock(), openFiles(), openIds()];
      const instance = openInstance({ state: ${JSON.stringify(state)}, files });
      const processes = openProcesses(clock, instance);
      await processes.endLeftBehind();
      const url = taggedAddress(${JSON.stringify(url)}, instance);
      const environment = { PATH: ${JSON.stringify(PATH)} };
      const programs = openPostgresPrograms({ files, processes }, environment);
      const restorer = openPostgresRestore({ processes }, environment);
      const program = await programs.find(13, undefined, signal);
      const source = openDatabaseSource(url, { clock, ids });
      console.log("begins");
      ${work}
    `;
    await withChild(source, async (child) => {
      await child.line();
      await body(child);
    });
  }

  it("is a dump that waits for a lock: session and program are ended", async () => {
    const file = join(state, "dump");
    await writeFile(file, "");
    const order = `{ program, connection: source.environment, file: ${JSON.stringify(file)}, deadlineMs: ${NIGHT_MS} }`;
    await withRollwatch(`await programs.dump(${order}, signal);`, async (child) => {
      await whileLocked("readings in access exclusive mode", "app", async () => {
        await untilTrue(
          "a pg_dump that waits",
          "select count(*) > 0 as is from pg_stat_activity where application_name like 'rollwatch-dump%' and wait_event_type = 'Lock'",
        );
        await child.kill();

        const left = await endSessions(state);

        expect(left).toBe(1);
        expect(await sessions()).toEqual([]);
        // It ends by itself where its session is ended, sooner or later.
        await selfIn(state).processes.endLeftBehind();
        expect(await selfIn(state).processes.endLeftBehind()).toBe(0);
      });
    });
  });

  it("is a restore in the middle of an index: all its programs and sessions are ended", async () => {
    const { processes } = selfIn(state);
    const programs = openPostgresPrograms({ files, processes }, { PATH });
    const program = await programs.find(13, undefined, signal);
    if (program === undefined) {
      throw new Error("there is no pg_dump");
    }
    const file = join(state, "dump");
    await writeFile(file, "");
    const connection = openDatabaseSource(url, { clock, ids }).environment;
    await writeSlowDump(programs, { program, connection, file });
    await admin.query("create database refilled owner app");
    const order = `{ program, connection: source.environment, into: "refilled", file: ${JSON.stringify(file)}, deadlineMs: ${NIGHT_MS} }`;
    await withRollwatch(`await restorer.restore(${order}, signal);`, async (child) => {
      await untilTrue(
        "an index that is made",
        "select count(*) > 0 as is from pg_stat_activity where datname = 'refilled' and query ilike 'create index%' and wait_event = 'PgSleep'",
      );
      await child.kill();

      const ended = await processes.endLeftBehind();
      // TERM has it cancel what runs; its sessions may be there for a moment.
      await endSessions(state);

      expect(ended).toBeGreaterThanOrEqual(2);
      expect(await sessions()).toEqual([]);
      await admin.query("drop database refilled");
    });
  });

  /** The dump of an index that takes ten minutes to make. */
  async function writeSlowDump(
    programs: ReturnType<typeof openPostgresPrograms>,
    order: Omit<Parameters<typeof programs.dump>[0], "deadlineMs">,
  ): Promise<void> {
    await cluster.admin(
      "create or replace function slow(id int) returns int language plpgsql immutable as 'begin return id; end'",
      "app",
    );
    await cluster.admin("update slowly set id = 1", "app");
    await cluster.admin(
      "create or replace function slow(id int) returns int language plpgsql immutable as 'begin perform pg_sleep(600 * id); return id; end'",
      "app",
    );
    await programs.dump({ ...order, deadlineMs: 60_000 }, signal);
  }

  it("is a copy of a database: it is ended, and nothing is left of it", async () => {
    const work = `await source.clone("rollwatch_rel-1", signal);`;
    await whileLocked(CATALOGUE, "postgres", async () => {
      await withRollwatch(work, async (child) => {
        await untilTrue("a copy", COPIES);
        await child.kill();

        await endSessions(state);

        expect(await sessions()).toEqual([]);
      });
      const { rows } = await admin.query(
        "select datname from pg_database where datname like 'rollwatch%'",
      );
      expect(rows).toEqual([]);
    });
  });

  it("is a long statement, which the server itself ends soon where nobody does", async () => {
    const work = `await withClient({ url, application: "rollwatch-migrations" }, async (client) => client.query("select pg_sleep(600)"), signal);`;
    await withRollwatch(work, async (child) => {
      await untilTrue(
        "a long statement",
        "select count(*) > 0 as is from pg_stat_activity where application_name like 'rollwatch-migrations%' and wait_event = 'PgSleep'",
      );

      await child.kill();

      await untilTrue(
        "its end",
        "select count(*) = 0 as is from pg_stat_activity where application_name like 'rollwatch-migrations%'",
      );
      expect(await sessions()).toEqual([]);
    });
  });

  it("is nothing of a rollwatch that runs, of another state folder, of another role, or with a name alike", async () => {
    const { instance, processes } = selfIn(state);
    await processes.endLeftBehind();
    const strange = join(lab.folder, `strange-${count}`);
    await mkdir(strange);
    const stranger = selfIn(strange);
    await stranger.processes.endLeftBehind();
    const dead = deadTagOf(instance);
    const names = [
      ["app", sessionName(taggedAddress(url, instance), "rollwatch-dump-a1b2c3")],
      ["app", `rollwatch-dump-a1b2c3 ${deadTagOf(stranger.instance)}`],
      ["other", `rollwatch-dump-a1b2c3 ${dead}`],
      ["app", `reports ${dead}`],
      ["app", "rollwatch"],
    ] as const;
    const clients = await Promise.all(
      names.map(async ([role, application_name]) => {
        const connectionString = cluster.url(role, "hush-hush", "app");
        const client = new Client({ connectionString, application_name });
        await client.connect();
        return client;
      }),
    );
    const mine = new Client({
      connectionString: url,
      application_name: `rollwatch-dump-a1b2c3 ${dead}`,
    });
    mine.on("error", () => undefined);
    await mine.connect();

    const left = await endSessions(state);

    expect(left).toBe(1);
    await expect(mine.query("select 1")).rejects.toThrow(/terminat|not queryable/u);
    for (const client of clients) {
      expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
      await client.end();
    }
  });

  it("is looked for also by a role that may connect to its own database alone", async () => {
    const { instance, processes } = selfIn(state);
    await processes.endLeftBehind();
    await cluster.admin("revoke connect on database postgres from public");
    const address = cluster.url("other", "hush-hush", "app");
    const left = new Client({
      connectionString: address,
      application_name: `rollwatch-dump-a1b2c3 ${deadTagOf(instance)}`,
    });
    left.on("error", () => undefined);
    await left.connect();

    const asked = openLeftSessions([taggedAddress(address, instance)], { clock, instance });

    expect(await asked.end(signal)).toBe(1);
    await cluster.admin("grant connect on database postgres to public");
  });

  it("tells that it cannot be asked for where the server is not there", async () => {
    const { instance } = selfIn(state);
    const port = await lab.port();
    const nowhere = taggedAddress(`postgres://app:hush-hush@127.0.0.1:${port}/app`, instance);

    const ending = openLeftSessions([nowhere], { clock, instance }).end(signal);

    await expect(ending).rejects.toMatchObject({
      code: "dump-failed",
      message: expect.not.stringContaining("hush-hush"),
    });
  });

  it("a copy gives way to those who connect to what it copies", async () => {
    const source = openDatabaseSource(url, { clock, ids });
    await whileLocked(CATALOGUE, "postgres", async () => {
      const copying = source.clone("rollwatch_rel-2", signal).then(
        () => "copied",
        (error: unknown) => error,
      );
      await untilTrue("a copy", COPIES);

      const clients = await Promise.all([connected(url), connected(url)]);

      expect(await copying).toMatchObject({
        code: "dump-failed",
        message: expect.stringMatching(
          /^gave way to somebody pid \d+ which waits for a lock on object$/u,
        ),
      });
      await Promise.all(clients.map(async (client) => client.end()));
    });
  });
});

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
