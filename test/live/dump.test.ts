import {
  chmod,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  stat,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startCluster } from "../../lab/cluster.ts";
import type { Cluster } from "../../lab/cluster.ts";
import { openLab } from "../../lab/lab.ts";
import type { Lab } from "../../lab/lab.ts";
import type { DatabaseRecord, Dump } from "../../src/model/database-record.ts";
import { openCatalogue } from "../../src/release/catalogue.ts";
import { checkDatabaseRecord } from "../../src/release/dump-check.ts";
import { dumpDatabase, forgetDump, type DumpPorts } from "../../src/release/dump.ts";
import type { DumpSettings } from "../../src/release/settings.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openIds } from "../../src/system/ids.ts";
import { openPostgresPrograms } from "../../src/system/postgres-programs.ts";
import { openDatabaseSource } from "../../src/system/postgres-source.ts";
import { openProcesses } from "../../src/system/process.ts";

const { signal } = new AbortController();
const clock = openClock();
const files = openFiles();
const ids = openIds();
const processes = openProcesses(clock);
const ROWS = 2000;

describe("a snapshot of the database", () => {
  let lab: Lab;
  let cluster: Cluster;
  let ports: DumpPorts;
  let state: string;
  let count = 0;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await cluster.admin("create role app login createdb password 'hush-hush'");
    await cluster.admin("create database app owner app");
    await cluster.admin(
      `create table readings (id serial primary key, note text not null);
       insert into readings (note) select md5(i::text) from generate_series(1, ${ROWS}) i;
       create schema ops; create table ops."odd ""name""" (id int);
       alter table readings owner to app; alter schema ops owner to app; alter table ops."odd ""name""" owner to app`,
      "app",
    );
    state = join(lab.folder, "state");
    ports = {
      catalogue: openCatalogue(files, state),
      clock,
      files,
      programs: openPostgresPrograms({ files, processes }, { PATH: process.env["PATH"] ?? "" }),
      source: openDatabaseSource(cluster.url("app", "hush-hush", "app"), { clock, ids }),
      revision: async () => "002 (2)",
    };
  });

  afterAll(async () => {
    await lab.end();
  });

  async function aRelease(): Promise<string> {
    count += 1;
    const id = `rel-${count}`;
    await mkdir(join(state, "releases", id), { recursive: true, mode: 0o700 });
    return id;
  }

  async function take(
    release: string,
    settings: DumpSettings = {},
    over: Partial<DumpPorts> = {},
  ): Promise<DatabaseRecord> {
    const request = { release, schema: "002 (2)", application: "radiation", settings };
    return dumpDatabase({ ...ports, ...over }, request, signal);
  }

  async function takeDump(release: string, settings: DumpSettings = {}): Promise<Dump> {
    const record = await take(release, settings);
    if (record.kind !== "dump") {
      throw new Error(`a ${record.kind} instead of a dump`);
    }
    return record;
  }

  async function problemsOf(release: string): Promise<readonly string[]> {
    return checkDatabaseRecord(ports, release, signal);
  }

  async function aClient(application_name: string): Promise<Client> {
    const connectionString = cluster.url("app", "hush-hush", "app");
    const client = new Client({ connectionString, application_name });
    await client.connect();
    return client;
  }

  async function databases(): Promise<readonly string[]> {
    const client = new Client({ connectionString: cluster.url("app", "hush-hush", "postgres") });
    await client.connect();
    try {
      const { rows } = await client.query<{ datname: string }>("select datname from pg_database");
      return rows.map(({ datname }) => datname);
    } finally {
      await client.end();
    }
  }

  async function restoredRows(path: string): Promise<number> {
    const program = await ports.programs.find(13, undefined, signal);
    await cluster.admin("create database restored owner app");
    const env = { ...ports.source.environment, PGDATABASE: "restored", PATH: "/usr/bin:/bin" };
    const args = ["--exit-on-error", "--dbname=restored", path];
    const command = { program: program?.restore ?? "", args, cwd: "/", env, deadlineMs: 20_000 };
    expect(await processes.run(command, signal)).toMatchObject({ status: 0, stderr: "" });
    const client = new Client({ connectionString: cluster.url("app", "hush-hush", "restored") });
    await client.connect();
    const { rows } = await client.query<{ n: number }>("select count(*)::int as n from readings");
    await client.end();
    return rows[0]?.n ?? 0;
  }

  describe.skipIf(process.env["ROLLWATCH_PG_BIN"] === "embedded")("by pg_dump", () => {
    it("is a dump that restores to every row, told by its manifest", async () => {
      const release = await aRelease();

      const record = await takeDump(release);

      expect(record).toMatchObject({
        database: "app",
        systemIdentifier: expect.stringMatching(/^\d+$/u),
        rows: { "public.readings": ROWS, 'ops.odd "name"': 0 },
        secureCopy: null,
      });
      const path = join(state, "releases", release, record.file);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(record.bytes).toBe((await stat(path)).size);
      expect(record.digest).toBe(await files.hash(path));
      expect(await ports.catalogue.readDatabase(release)).toEqual(record);
      expect(await problemsOf(release)).toEqual([]);
      expect(await restoredRows(path)).toBe(ROWS);
    });

    it("counts what it dumps: rows of a transaction that commits meanwhile are in neither", async () => {
      const release = await aRelease();
      const source: DumpPorts["source"] = {
        ...ports.source,
        withSnapshot: async (use, given) =>
          ports.source.withSnapshot(async (snapshot, limited) => {
            await cluster.admin('insert into ops."odd ""name""" values (1)', "app");
            return use(snapshot, limited);
          }, given),
      };

      const record = await take(release, {}, { source });

      const file = record.kind === "dump" ? record.file : "";
      const program = await ports.programs.find(13, undefined, signal);
      const path = join(state, "releases", release, file);
      const args = ["--data-only", "--file=-", path];
      const env = { PATH: "/usr/bin:/bin" };
      const command = { program: program?.restore ?? "", args, cwd: "/", env, deadlineMs: 20_000 };
      const { stdout } = await processes.run(command, signal);
      await cluster.admin('delete from ops."odd ""name"""', "app");
      expect(record).toMatchObject({ rows: { 'ops.odd "name"': 0 } });
      expect(stdout).toMatch(/COPY ops\."odd ""name""" \(id\) FROM stdin;\n\\\./u);
    });

    it("has the same schema fingerprint until the schema changes", async () => {
      const first = await takeDump(await aRelease());
      await cluster.admin("insert into readings (note) values ('more')", "app");
      const second = await takeDump(await aRelease());
      await cluster.admin("alter table readings add column unit text", "app");
      const third = await takeDump(await aRelease());
      await cluster.admin(
        "alter table readings drop column unit; delete from readings where note = 'more'",
        "app",
      );

      expect(second.schemaFingerprint).toBe(first.schemaFingerprint);
      expect(third.schemaFingerprint).not.toBe(first.schemaFingerprint);
    });

    it("lies a second time in the secure place, for its owner alone, until it is forgotten", async () => {
      const release = await aRelease();
      const secureCopy = join(lab.folder, "secure");

      const record = await takeDump(release, { secureCopy });

      const path = record.secureCopy ?? "";
      expect(await files.hash(path)).toBe(record.digest);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(secureCopy)).mode & 0o777).toBe(0o700);
      expect(JSON.parse(await readFile(`${path}.json`, "utf8"))).toEqual(record);
      await forgetDump(ports, record, signal);
      expect(await readdir(secureCopy)).toEqual([]);
      expect(await problemsOf(release)).toEqual([`database: its copy ${path} is gone`]);
    });

    it("says that it has no second copy where the secure place is open to others", async () => {
      const release = await aRelease();
      const secureCopy = join(lab.folder, "open");
      await mkdir(secureCopy);
      await chmod(secureCopy, 0o755);

      await takeDump(release, { secureCopy });

      expect(await problemsOf(release)).toEqual([
        `database: it has no second copy: ${secureCopy} is open to others`,
      ]);
      expect(await readdir(secureCopy)).toEqual([]);
    });

    it("replaces the one before it, here and in the secure place", async () => {
      const release = await aRelease();
      const secureCopy = join(lab.folder, "secure");
      await takeDump(release, { secureCopy });

      const second = await takeDump(release, { secureCopy });

      const names = await readdir(join(state, "releases", release));
      expect(names.toSorted()).toEqual([second.file, "database.json"].toSorted());
      expect(await readdir(secureCopy)).toHaveLength(2);
    });

    it("is found out when one byte of it changes", async () => {
      const release = await aRelease();
      const { file } = await takeDump(release);
      const path = join(state, "releases", release, file);
      const bytes = await readFile(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100);
      await writeFile(path, bytes);

      expect(await problemsOf(release)).toEqual([
        `database: the dump ${file} is not what was dumped`,
      ]);
    });

    it("is refused where the decoder finds it cut, and the one before stands", async () => {
      const release = await aRelease();
      const first = await takeDump(release);
      const programs: DumpPorts["programs"] = {
        ...ports.programs,
        dump: async (order, given) => {
          const warnings = await ports.programs.dump(order, given);
          const bytes = await readFile(order.file);
          await writeFile(order.file, bytes.subarray(0, bytes.length - 2000));
          return warnings;
        },
      };

      const taking = take(release, {}, { programs });

      await expect(taking).rejects.toMatchObject({ code: "dump-failed" });
      const names = await readdir(join(state, "releases", release));
      expect(names.toSorted()).toEqual([first.file, "database.json"].toSorted());
      expect(await ports.catalogue.readDatabase(release)).toEqual(first);
      expect(await problemsOf(release)).toEqual([]);
    });

    it("never shows the password to other users, nor in what goes wrong", async () => {
      const source = openDatabaseSource(cluster.url("app", "wrong-hush", "app"), { clock, ids });
      const lines: string[] = [];
      const watched = {
        ...processes,
        run: async (...[command, given]: Parameters<typeof processes.run>) => {
          lines.push([command.program, ...command.args].join(" "));
          return processes.run(command, given);
        },
      };
      const programs = openPostgresPrograms({ files, processes: watched }, { PATH: "" });

      await take(await aRelease(), {}, { programs });
      const failing = take(await aRelease(), {}, { source });

      expect(lines.join("\n")).toContain("pg_dump");
      expect(lines.join("\n")).not.toContain("hush");
      await expect(failing).rejects.toThrow(/password authentication failed/u);
      await expect(failing).rejects.not.toThrow(/wrong-hush/u);
    });

    describe("that takes long", () => {
      let pipe: FileHandle;
      let client: Client;

      beforeAll(async () => {
        const path = join(lab.folder, "pipe");
        const env = { PATH: "/usr/bin:/bin" };
        const make = { program: "mkfifo", args: [path], cwd: "/", env, deadlineMs: 5000 };
        await processes.run(make, signal);
        pipe = await open(path, "r+");
        client = await aClient("migration");
        await client.query(
          "create table wide as select md5(i::text) || md5((-i)::text) as note from generate_series(1, 20000) i",
        );
      });

      afterAll(async () => {
        await client.query("drop table wide");
        await client.end();
        await pipe.close();
      });

      /** pg_dump writes into a pipe that nobody reads, and stands still in the middle of a table. */
      async function takeStuck(release: string): Promise<{ readonly taking: Promise<unknown> }> {
        const file = join(lab.folder, "pipe");
        const programs: DumpPorts["programs"] = {
          ...ports.programs,
          dump: async (order, given) => ports.programs.dump({ ...order, file }, given),
        };
        const taking = take(release, {}, { programs });
        taking.catch(() => undefined);
        await vi.waitFor(
          async () => expect((await ownSessions(client)).join()).toMatch(/COPY public\./u),
          { timeout: 10_000 },
        );
        return { taking };
      }

      it("gives way within seconds to a migration that waits for it, and the next one succeeds", async () => {
        const release = await aRelease();
        const pid = await pidOf(client);
        const { taking } = await takeStuck(release);
        const start = clock.monotonic();

        await client.query("alter table wide add column unit text");

        expect(clock.monotonic() - start).toBeLessThan(4000);
        await expect(taking).rejects.toMatchObject({
          code: "dump-failed",
          message: `gave way to migration pid ${pid} which waits for a lock on wide`,
        });
        expect(await ownSessions(client)).toEqual([]);
        expect(await readdir(join(state, "releases", release))).toEqual([]);
        expect(await takeDump(release)).toMatchObject({ rows: { "public.wide": 20_000 } });
      });

      it("stands while others merely read and write", async () => {
        const { taking } = await takeStuck(await aRelease());
        const other = await aClient("writer");
        await other.query("begin; update readings set note = note where id = 1");

        const blocked = client.query("update readings set note = note where id = 1");
        const first = await Promise.race([
          taking.catch(() => "ended"),
          clock.sleep(3000, signal).then(() => "stands"),
        ]);
        await other.query("commit");
        await blocked;
        await client.query("alter table wide add column other text");

        expect(first).toBe("stands");
        await expect(taking).rejects.toThrow("gave way to migration");
        await other.end();
      });

      it("gives way where the server lets nobody in to see who waits", async () => {
        const release = await aRelease();
        const { taking } = await takeStuck(release);

        await cluster.admin("alter role app connection limit 2");

        await expect(taking).rejects.toThrow(
          /^gave way to whoever may wait: .*too many connections for role "app" \(53300\)\)$/u,
        );
        await cluster.admin("alter role app connection limit -1");
        expect(await ownSessions(client)).toEqual([]);
        expect(await readdir(join(state, "releases", release))).toEqual([]);
      });
    });

    it("is refused when the schema is not the release's", async () => {
      const taking = take(await aRelease(), {}, { revision: async () => "003 (3)" });

      await expect(taking).rejects.toThrow("the schema is 003 (3), release");
    });

    it("names the table that its role may not read", async () => {
      await cluster.admin("create table secret (id int)", "app");

      const taking = take(await aRelease());

      await expect(taking).rejects.toThrow("permission denied for table secret");
      await cluster.admin("drop table secret", "app");
    });
  });

  describe("without a pg_dump of the server's version", () => {
    const none = { find: async () => undefined };

    it("is a clone, dropped when it is forgotten", async () => {
      const release = await aRelease();

      const record = await take(release, {}, { programs: { ...ports.programs, ...none } });

      expect(record).toMatchObject({
        kind: "clone",
        name: `rollwatch_${release}`,
        rows: { "public.readings": ROWS },
      });
      expect(await databases()).toContain(`rollwatch_${release}`);
      await forgetDump(ports, record, signal);
      expect(await databases()).not.toContain(`rollwatch_${release}`);
    });

    it("gives way to a migration while it counts, and leaves no clone", async () => {
      const migration = await aClient("migration");
      const other = await aClient("other");
      const release = await aRelease();
      const source = {
        ...ports.source,
        facts: async (given: AbortSignal) => ({
          ...(await ports.source.facts(given)),
          sessions: [],
        }),
      };
      await other.query("begin; lock table readings in access exclusive mode");

      const taking = take(release, {}, { source, programs: { ...ports.programs, ...none } });
      taking.catch(() => undefined);
      await vi.waitFor(
        async () =>
          expect((await ownSessions(migration)).join()).toMatch(/count\(\*\) from "public"/u),
        { timeout: 10_000 },
      );
      await migration.query('alter table ops."odd ""name""" add column unit text');

      await expect(taking).rejects.toThrow(
        /gave way to migration pid \d+ which waits for a lock on ops\."odd ""name"""$/u,
      );
      expect(await ownSessions(migration)).toEqual([]);
      await other.query('rollback; alter table ops."odd ""name""" drop column unit');
      expect(await databases()).not.toContain(`rollwatch_${release}`);
      await Promise.all([migration.end(), other.end()]);
    });

    it("is refused by name while others use the database, and keeps nobody waiting", async () => {
      const client = new Client({
        connectionString: cluster.url("app", "hush-hush", "app"),
        application_name: "importer",
      });
      await client.connect();
      const start = clock.monotonic();

      const taking = take(await aRelease(), {}, { programs: { ...ports.programs, ...none } });

      await expect(taking).rejects.toThrow(/apt-get install postgresql-client-\d+.*app importer/u);
      expect(clock.monotonic() - start).toBeLessThan(3000);
      await client.end();
    });
  });

  it("takes no pg_dump that is older than the server", async () => {
    expect(await ports.programs.find(99, undefined, signal)).toBeUndefined();
  });
});

/** What sessions of rollwatch do at this moment. */
async function ownSessions(client: Client): Promise<readonly string[]> {
  const sql =
    "select query from pg_stat_activity where application_name like 'rollwatch%' order by 1";
  return (await client.query<{ query: string }>(sql)).rows.map(({ query }) => query);
}

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}
