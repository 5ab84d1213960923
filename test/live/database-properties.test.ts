import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { run } from "../../lab/command.ts";
import { constructedEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { createCheckDatabase } from "../../src/recover/steps/check-database.ts";
import { createMoveSequences } from "../../src/recover/steps/move-sequences.ts";
import { createRestoreDatabase } from "../../src/recover/steps/restore-database.ts";
import { createSwapDatabase } from "../../src/recover/steps/swap-database.ts";
import { createVerifyDatabase } from "../../src/recover/steps/verify-database.ts";
import { dumpDatabase } from "../../src/release/dump.ts";
import { makeWarmDatabase } from "../../src/release/warm-database.ts";
import { openSwapPorts } from "./support/swap-steps.ts";

const { signal } = new AbortController();
const RELEASE = "rel-1";
const STEP = { phase: "act", text: "step", deadlineMs: 60_000 } as const;
const WAYS = ["clone", "online", "restored"] as const;
type Way = (typeof WAYS)[number];

const BEFORE = 50;
const SINCE = 20;

/** What a database has, each as one text; of a database and of what is in it. */
const PROPERTIES = {
  owner: "select pg_get_userbyid(datdba) from pg_database where datname = current_database()",
  "connection limit": "select datconnlimit from pg_database where datname = current_database()",
  "rights on the database": `
    select string_agg(one::text, ', ' order by one::text)
    from pg_database, unnest(coalesce(datacl, acldefault('d', datdba))) one where datname = current_database()`,
  "`alter database … set`": `
    select string_agg(one, '; ' order by one)
    from pg_db_role_setting, unnest(setconfig) one
    where setrole = 0 and setdatabase = (select oid from pg_database where datname = current_database())`,
  "`alter role … in database … set`": `
    select string_agg(setrole::regrole || ' ' || one, '; ' order by one)
    from pg_db_role_setting, unnest(setconfig) one
    where setrole <> 0 and setdatabase = (select oid from pg_database where datname = current_database())`,
  comment:
    "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()",
  "encoding and collation":
    "select concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype) from pg_database where datname = current_database()",
  "last numbers of sequences":
    "select string_agg(sequencename || ' ' || last_value, ', ' order by sequencename) from pg_sequences",
  "the planner's statistics": `
    select (select count(*) from pg_stats where schemaname = 'public') || ' columns, '
      || (select count(*) from pg_stats_ext where n_distinct is not null) || ' extended'`,
  "default privileges":
    "select string_agg(concat_ws(' ', defaclrole::regrole, defaclacl::text), ', ') from pg_default_acl",
  "owners and rights of tables": `
    select string_agg(concat_ws(' ', relname, relowner::regrole, relacl::text), '; ' order by relname)
    from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  "large objects": `
    select string_agg(concat_ws(' ', encode(lo_get(oid), 'escape'), lomowner::regrole, lomacl::text), '; ')
    from pg_largeobject_metadata`,
  "rows of the snapshot": `select count(*) || ' of ${BEFORE}' from readings where note = 'before'`,
  "rows written since": `select count(*) || ' of ${SINCE}' from readings where note = 'since'`,
} as const;
type Column = Readonly<Record<string, string>>;
const Rows = z.array(z.record(z.string(), z.union([z.string(), z.number()]).nullable()));

const LIVE = `
  set role app;
  create table devices (id int primary key, name text);
  create table readings (id bigserial primary key, device int not null references devices, dose numeric(10, 3), note text);
  create statistics by_device (ndistinct) on device, dose from readings;
  grant select on readings to auditor;
  alter default privileges in schema public grant select on tables to auditor;
  insert into devices select n, 'device ' || n from generate_series(1, 7) n;
  insert into readings (device, dose, note) select 1 + n % 7, n % 5, 'before' from generate_series(1, ${BEFORE}) n;
  do $$ begin execute format('grant select on large object %s to auditor', lo_from_bytea(0, 'a plan of the ward')); end $$`;
const LATER = `insert into readings (device, dose, note) select 1, 0, 'since' from generate_series(1, ${SINCE})`;

/** A database with everything that a way back may lose. */
interface Scene {
  readonly name: string;
  readonly ports: ReturnType<typeof openSwapPorts>;
}

/** What one way back made of it. */
interface Outcome {
  readonly before: Column;
  readonly after: Column;
  /** Names of databases that still have what was written since. */
  readonly keeping: readonly string[];
}

describe.skipIf(process.env["ROLLWATCH_PG_BIN"] === "embedded")(
  "the properties of a database that was taken back",
  () => {
    let lab: Lab;
    let cluster: Cluster;
    let byRunbook: Outcome;
    const bySwap = new Map<Way, Outcome>();

    beforeAll(async () => {
      lab = await openLab();
      cluster = await startCluster(lab);
      await cluster.admin(`
        create role dba superuser login password 'hush'; create role app login password 'hush'; create role auditor;
        create role watcher login createdb createrole in role app, pg_signal_backend, pg_read_all_data password 'hush'`);
      // Else it may make up for lost statistics before they are looked at, some minute later.
      await cluster.admin("alter system set autovacuum = off");
      await cluster.admin("select pg_reload_conf()");
      byRunbook = await takeBack("runbook", async (scene) => {
        const backup = await backUpByRunbook(scene);
        return async () => restoreByRunbook(scene, backup);
      });
      for (const way of WAYS) {
        bySwap.set(way, await takeBack(way, async (scene) => prepareSwap(scene, way)));
      }
    }, 240_000);

    afterAll(async () => {
      await lab.end();
    });

    async function takeBack(
      way: string,
      prepare: (scene: Scene) => Promise<() => Promise<void>>,
    ): Promise<Outcome> {
      const scene = await aScene(`radiation_${way}`);
      const goBack = await prepare(scene);
      await cluster.admin(LATER, scene.name);
      const before = await lookAt(scene.name);
      await goBack();
      const after = await lookAt(scene.name);
      const kept = await query(
        `select datname from pg_database where datname like '${scene.name}_aside%'`,
        "postgres",
      );
      const looked = await Promise.all(kept.map(lookAt));
      const keeping = kept.filter(
        (_name, place) => looked[place]?.["rows written since"] === before["rows written since"],
      );
      return { before, after, keeping };
    }

    async function aScene(name: string): Promise<Scene> {
      await cluster.admin(
        `create database ${name} owner app template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'`,
      );
      await cluster.admin(`alter database ${name} connection limit 40;
        revoke connect on database ${name} from public; grant connect on database ${name} to auditor with grant option;
        alter database ${name} set timezone = 'Europe/Vienna'; alter database ${name} set search_path = "$user", public, ops;
        alter role app in database ${name} set statement_timeout = '30s'; alter role auditor in database ${name} set work_mem = '8MB';
        comment on database ${name} is 'doses of the clinic'`);
      await cluster.admin(LIVE, name);
      await cluster.admin("analyze", name);
      const stateFolder = join(lab.folder, `state-${name}`);
      const url = cluster.url("watcher", "hush", name);
      const applicationUrl = cluster.url("app", "hush", name);
      const ports = openSwapPorts({ stateFolder, url, applicationUrl, mayEnd: [] });
      await ports.making.files.makeFolder(ports.catalogue.folderOf(RELEASE), 0o700);
      return { name, ports };
    }

    async function query(sql: string, database: string): Promise<readonly string[]> {
      const client = new Client({ connectionString: cluster.url("dba", "hush", database) });
      await client.connect();
      try {
        const rows = Rows.parse((await client.query(sql)).rows);
        return rows.map((row) => `${Object.values(row)[0] ?? "none"}`);
      } finally {
        await client.end();
      }
    }

    async function lookAt(database: string): Promise<Column> {
      const column: Record<string, string> = {};
      for (const [property, sql] of Object.entries(PROPERTIES)) {
        const [value] = await query(sql, database);
        column[property] = value ?? "none";
      }
      return column;
    }

    /** The runbook's "Pre-Deployment Backup". */
    async function backUpByRunbook({ name, ports }: Scene): Promise<string> {
      const backup = join(lab.folder, "backup_pre_deployment.sql");
      await shell(ports, `pg_dump -d "$DATABASE" > "$BACKUP"`, { DATABASE: name, BACKUP: backup });
      return backup;
    }

    /** Its "Emergency Database Rollback", to the letter; nobody is connected, so that nothing had to be repaired. */
    async function restoreByRunbook({ name, ports }: Scene, backup: string): Promise<void> {
      await shell(
        ports,
        `psql -d postgres -c "DROP DATABASE $DATABASE;"
         psql -d postgres -c "CREATE DATABASE $DATABASE;"
         psql -d "$DATABASE" < "$BACKUP"`,
        { DATABASE: name, BACKUP: backup },
      );
    }

    /** As a superuser, with the client programs of the server's version. */
    async function shell(
      { making }: Scene["ports"],
      script: string,
      variables: Readonly<Record<string, string>>,
    ): Promise<void> {
      const major = Number.parseInt(cluster.programs.version, 10);
      const found = await making.programs.find(major, undefined, signal);
      const bin = dirname(found?.dump ?? "");
      const env = {
        ...constructedEnvironment(),
        PATH: `${bin}:/usr/bin:/bin`,
        PGHOST: "127.0.0.1",
        PGPORT: `${cluster.port}`,
        PGUSER: "dba",
        PGPASSWORD: "hush",
        ...variables,
      };
      await run("bash", ["-euc", script], { cwd: "/", env });
    }

    /** What a release and a plan do, up to the moment when the services would be stopped. */
    async function prepareSwap({ name, ports }: Scene, way: Way): Promise<() => Promise<void>> {
      const { catalogue, databases, making } = ports;
      if (way === "restored") {
        const request = { release: RELEASE, schema: null, application: "ward", settings: {} };
        const dumping = { ...making, catalogue, revision: async () => null };
        await catalogue.writeDatabase(RELEASE, await dumpDatabase(dumping, request, signal));
      } else {
        await makeWarmDatabase({ ...making, catalogue }, RELEASE, { way }, signal);
      }
      return async () => {
        const restore = { ...STEP, id: "r", kind: "restore-database", release: RELEASE } as const;
        const restoring = createRestoreDatabase(restore, ports);
        await ((await restoring.isDone(signal)) ? undefined : restoring.run(signal));
        const live = await databases.live(signal);
        const at = (await catalogue.readWarm(RELEASE))?.at ?? 0;
        const what = { ...STEP, aside: `${name}_aside_1` };
        const check = { id: "c", kind: "check-database", release: RELEASE, at, live } as const;
        const source = { kind: "release" } as const;
        const swap = { id: "s", kind: "swap-database", patienceMs: 30_000 } as const;
        for (const step of [
          createCheckDatabase({ ...what, ...check, source }, ports),
          createMoveSequences({ ...what, id: "m", kind: "move-sequences" }, ports),
          createSwapDatabase({ ...what, ...swap }, ports),
          createVerifyDatabase({ ...what, id: "v", kind: "verify-database" }, ports),
        ]) {
          await step.run(signal);
        }
      };
    }

    it("are lost by the runbook: whose it is, who may use it, how it behaves, its statistics, and every row since", () => {
      const { before, after, keeping } = byRunbook;

      const lost = Object.keys(PROPERTIES).filter((one) => before[one] !== after[one]);

      expect(lost).toEqual([
        "owner",
        "connection limit",
        "rights on the database",
        "`alter database … set`",
        "`alter role … in database … set`",
        "comment",
        "encoding and collation",
        "last numbers of sequences",
        "the planner's statistics",
        "rows written since",
      ]);
      expect(after["last numbers of sequences"]).toBe(`readings_id_seq ${BEFORE}`);
      expect(keeping).toEqual([]);
    });

    it.each(WAYS)("are all kept by the swap to one that was %s", (way) => {
      const { before, after, keeping } = outcomeOf(way);

      const different = Object.keys(PROPERTIES).filter((one) => before[one] !== after[one]);

      expect(different).toEqual(["last numbers of sequences", "rows written since"]);
      // No number is given out again, and no row is gone.
      expect(after["last numbers of sequences"]).toBe(`readings_id_seq ${BEFORE + SINCE + 1000}`);
      expect(keeping).toEqual([`radiation_${way}_aside_1`]);
    });

    it("are told so in docs/database.md", async () => {
      const text = await readFile(join(ROOT, "docs", "database.md"), "utf8");
      const told = new Set(text.split("\n").map((line) => line.replaceAll(/\s+/gu, " ").trim()));

      const table = tableOf();

      process.stdout.write(`${table.join("\n")}\n`);
      expect(table.filter((row) => !told.has(row))).toEqual([]);
    });

    function outcomeOf(way: Way): Outcome {
      const outcome = bySwap.get(way);
      if (outcome === undefined) {
        throw new Error(`there was no swap to one that was ${way}`);
      }
      return outcome;
    }

    /** The swap's column is that of one way: the others are held to the same values. */
    function tableOf(): readonly string[] {
      const { after, keeping } = outcomeOf("online");
      const since = `${after["rows written since"]}, and all in ${keeping.length} kept database`;
      const swapped: Column = { ...after, "rows written since": since };
      return Object.keys(PROPERTIES).map((property) => {
        const values = [byRunbook.before, byRunbook.after, swapped].map(
          (column) => `\`${column[property] ?? ""}\``,
        );
        return `| ${[property, ...values].join(" | ")} |`;
      });
    }
  },
);
