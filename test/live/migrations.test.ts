import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { labEnvironment } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { compareSchemas } from "../../src/decide/schema/compare.ts";
import { messageOf } from "../../src/model/failure.ts";
import type { SchemaCatalogue } from "../../src/model/schema-catalogue.ts";
import { openCatalogue } from "../../src/release/catalogue.ts";
import { removeUnfinishedDatabases } from "../../src/release/warm-database.ts";
import type { MigrationPorts } from "../../src/release/migration-run.ts";
import {
  DownMigrationSettings,
  type MigrationTool,
  ORDERED_BY,
} from "../../src/release/migration-settings.ts";
import {
  type MigrationTrial,
  tryMigrations,
  type TrialPorts,
} from "../../src/release/migration-trial.ts";
import { openMigrations } from "../../src/system/postgres-migrations.ts";
import {
  makeMigratingProject,
  type MigratingProject,
  REAL_TOOLS,
  type WrittenMigration,
} from "./support/migrating-project.ts";
import { openSwapPorts } from "./support/swap-steps.ts";
import { createCheckMigrations } from "../../src/recover/steps/check-migrations.ts";
import { createTakeMigrationsDown } from "../../src/recover/steps/take-migrations-down.ts";
import { folderDigestOf } from "../../src/release/migration-trial.ts";
import { schemaDigest } from "../../src/release/schema-digest.ts";
import { tellUnlike } from "../../src/app/migration-ports.ts";
import type { Step } from "../../src/recover/step.ts";
import { openProcesses } from "../../src/system/process.ts";

const LIMIT_MS = 180_000;
/** npm's PostgreSQL brings no pg_dump, with which copies are made. */
const HAS_NO_DUMP = process.env["ROLLWATCH_PG_BIN"] === "embedded";
const { signal } = new AbortController();

const FIRST: WrittenMigration = {
  name: "001_rounds",
  up: "create table rounds (id int primary key, name text not null)",
  down: "drop table rounds",
};
const NOTES: WrittenMigration = {
  name: "002_notes",
  up: "create table notes (id serial primary key, body text)",
  down: "drop table notes",
};
const FINDING: WrittenMigration = {
  name: "003_finding",
  up: "alter table rounds add column finding text",
  down: "alter table rounds drop column finding; update rounds set name = 'late round' where id = 3",
};

let lab: Lab;
let cluster: Cluster;
let count = 0;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password 'hush-hush';
    create role watcher login createdb in role app, pg_signal_backend, pg_read_all_data password 'hush-hush'`);
}, LIMIT_MS);

afterAll(async () => {
  await lab.end();
});

/** A live database, migrated past a captured release, with rows that the newer release has written. */
interface Scene {
  readonly live: string;
  readonly project: MigratingProject;
  /** The tree of the release that is gone back to, and its schema. */
  readonly tree: string;
  readonly schema: SchemaCatalogue;
  readonly ports: TrialPorts;
  attempt(): Promise<MigrationTrial>;
  rows(sql: string): Promise<readonly unknown[]>;
}

async function aScene(
  tool: MigrationTool,
  over: { readonly finding?: WrittenMigration; readonly settings?: object } = {},
): Promise<Scene> {
  count += 1;
  const live = `radiation_${count}`;
  const folder = join(lab.folder, live);
  await mkdir(folder);
  await cluster.admin(`create database ${live} owner app`);
  const url = cluster.url("app", "hush-hush", live);
  const project = await makeMigratingProject(folder, tool);
  async function admin(sql: string): Promise<void> {
    await cluster.admin(`set role app; ${sql}`, live);
  }
  await project.write(FIRST);
  await project.migrate(url, admin);
  await admin("insert into rounds values (1, 'early'), (2, 'noon'), (3, 'late')");
  const tree = await project.capture("captured");
  const ports = portsOf(tool, { live, folder, project, settings: over.settings ?? {} });
  const schema = await ports.migrations.database.catalogue(undefined, signal);
  await project.write(NOTES);
  await project.write(over.finding ?? FINDING);
  await project.migrate(url, admin);
  await admin("insert into notes (body) values ('a'), ('b'), (null)");
  await admin("update rounds set finding = 'clean' where id < 3");
  return {
    live,
    project,
    tree,
    schema,
    ports,
    attempt: async () => tryMigrations(ports, tree, signal),
    rows: async (sql) => query(sql, live),
  };
}

function portsOf(
  tool: MigrationTool,
  {
    live,
    folder,
    project,
    settings,
  }: {
    readonly live: string;
    readonly folder: string;
    readonly project: MigratingProject;
    readonly settings: object;
  },
): TrialPorts {
  const url = cluster.url("watcher", "hush-hush", live);
  const applicationUrl = cluster.url("app", "hush-hush", live);
  const { making } = openSwapPorts({
    stateFolder: join(folder, "state"),
    url,
    applicationUrl,
    mayEnd: [],
  });
  const { clock, files } = making;
  const { table, column, root } = project;
  const orderBy = ORDERED_BY[tool] ?? column;
  const database = openMigrations({
    url: applicationUrl,
    applicationUrl,
    copyingUrl: url,
    table,
    column,
    orderBy,
    clock,
  });
  const migrations: MigrationPorts = {
    settings: DownMigrationSettings.parse({ tool, ...project.settings, ...settings }),
    table,
    root,
    database,
    files,
    processes: openProcesses(clock),
    environment: labEnvironment(folder),
  };
  return { making, migrations };
}

async function query(sql: string, database: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: cluster.url("watcher", "hush-hush", database) });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function copies(): Promise<readonly unknown[]> {
  return query("select datname from pg_database where datname like 'rollwatch%'", "postgres");
}

async function die(): Promise<never> {
  throw new Error("killed");
}

async function failing(what: Promise<unknown>): Promise<string> {
  return what.then(() => "it succeeded", messageOf);
}

describe.skipIf(HAS_NO_DUMP).each(REAL_TOOLS)("down migrations of %s", (tool) => {
  it(
    "are tried on a copy with their losses shown, and the live database stays as it is",
    async () => {
      const scene = await aScene(tool);
      const before = await scene.ports.migrations.database.catalogue(undefined, signal);

      const trial = await scene.attempt();

      const { recorded } = scene.project;
      expect(trial.names).toEqual([recorded("003_finding"), recorded("002_notes")]);
      expect(compareSchemas(scene.schema, trial.after).differences).toEqual([]);
      expect(trial.losses).toEqual([
        { what: "public.notes", change: "dropped", count: 3, unit: "rows" },
        { what: "public.rounds.name", change: "changed", count: 3, unit: "values" },
        { what: "public.rounds.finding", change: "dropped", count: 2, unit: "values" },
      ]);
      expect(trial.seconds).toBeGreaterThan(0);
      expect(await scene.ports.migrations.database.catalogue(undefined, signal)).toEqual(before);
      expect(await scene.rows("select name from rounds where id = 3")).toEqual([{ name: "late" }]);
      expect(await copies()).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    "leave no copy and no password behind where one of them fails",
    async () => {
      const wrong = { ...FINDING, down: "alter table rounds drop column no_such_column" };
      const scene = await aScene(tool, { finding: wrong });

      const reason = await failing(scene.attempt());

      expect(reason).toContain("no_such_column");
      expect(reason).not.toContain("hush-hush");
      expect(await copies()).toEqual([]);
      expect(await scene.rows("select from notes")).toHaveLength(3);
    },
    LIMIT_MS,
  );
});

describe.skipIf(HAS_NO_DUMP)("a trial that was killed", () => {
  it(
    "leaves a copy that the next start drops",
    async () => {
      const scene = await aScene("sql");
      const { making, migrations } = scene.ports;
      const deadly = { ...making.beside, drop: die };

      const end = await failing(
        tryMigrations({ migrations, making: { ...making, beside: deadly } }, scene.tree, signal),
      );
      const left = await copies();
      const catalogue = openCatalogue(making.files, making.stateFolder);
      const removed = await removeUnfinishedDatabases({ ...making, catalogue }, signal);

      expect([end, left.length]).toEqual(["killed", 1]);
      expect(left).toEqual(removed.map((datname) => ({ datname })));
      expect(await copies()).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe.skipIf(HAS_NO_DUMP)("a tool that goes to another database than it is told", () => {
  it(
    "is found out before the copy is opened, and changes nothing there",
    async () => {
      const scene = await aScene("knex");
      const url = cluster.url("app", "hush-hush", scene.live);
      await writeFile(
        join(scene.project.root, "knexfile.js"),
        `module.exports = { client: "pg", connection: ${JSON.stringify(url)}, migrations: { directory: "./migrations" } };\n`,
      );

      const reason = await failing(scene.attempt());

      expect(reason).toContain("does not go to the database that DATABASE_URL");
      expect(reason).toContain("read-only transaction");
      expect(await scene.rows("select from notes")).toHaveLength(3);
      expect(await copies()).toEqual([]);
    },
    LIMIT_MS,
  );
});

/** Does what it is told, and the same to the live database. */
function zealous(live: string): string {
  const forget =
    "drop table notes; alter table rounds drop column finding; delete from knex_migrations where id > 1";
  return `
    const { Client } = require("pg");
    async function apply(connectionString) {
      const client = new Client({ connectionString });
      await client.connect();
      await client.query(${JSON.stringify(forget)});
      await client.end();
    }
    apply(process.env.DATABASE_URL).then(() => apply(${JSON.stringify(live)})).catch((error) => {
      console.error(error.message);
      process.exit(1);
    });`;
}

describe.skipIf(HAS_NO_DUMP)(
  "a tool that goes to the live database beside the one it is told",
  () => {
    it(
      "is told of at once",
      async () => {
        const command = ["node", "zealous.js", "{count}"];
        const scene = await aScene("knex", { settings: { command } });
        const live = cluster.url("app", "hush-hush", scene.live);
        await writeFile(join(scene.project.root, "zealous.js"), zealous(live));

        const reason = await failing(scene.attempt());

        expect(reason).toBe("the live database changed while migrations were tried on a copy");
        expect(await copies()).toEqual([]);
      },
      LIMIT_MS,
    );
  },
);

const BASE = {
  phase: "act",
  text: "as the plan says",
  deadlineMs: 60_000,
  release: "rel-1",
} as const;

/** The step of a plan that does on the live database what was tried. */
function takingDown({ project, ports, schema }: Scene): Step {
  const { migrations } = ports;
  const names = [project.recorded("003_finding"), project.recorded("002_notes")];
  return createTakeMigrationsDown(
    { ...BASE, id: "t", kind: "take-migrations-down", names },
    {
      schema: {
        migrations,
        whatDiffers: async () =>
          tellUnlike(schema, await migrations.database.catalogue(undefined, signal)),
      },
    },
  );
}

async function appliedIn({ ports }: Scene): Promise<readonly string[]> {
  return ports.migrations.database.applied(undefined, signal);
}

describe("the step that takes migrations down", () => {
  it(
    "says how far a tool came that died half-way, and goes on from there",
    async () => {
      const scene = await aScene("knex");
      const wrong = { ...NOTES, down: "drop table no_such_table" };
      await scene.project.write(wrong);
      const step = takingDown(scene);

      const reason = await failing(step.run(signal));

      expect(reason).toContain("no_such_table");
      expect(reason).toContain("applied still: 002_notes.js");
      expect(await appliedIn(scene)).toEqual(["001_rounds.js", "002_notes.js"]);
      expect(await step.isDone(signal)).toBe(false);

      await scene.project.write(NOTES);

      expect(await step.run(signal)).toContain("the schema is that of rel-1");
      expect(await step.isDone(signal)).toBe(true);
      expect(await appliedIn(scene)).toEqual(["001_rounds.js"]);
    },
    LIMIT_MS,
  );

  it(
    "changes nothing where one of the files of SQL fails, or ends the transaction",
    async () => {
      const scene = await aScene("sql");
      const step = takingDown(scene);
      const before = await scene.ports.migrations.database.catalogue(undefined, signal);

      await scene.project.write({ ...NOTES, down: "drop table no_such_table" });
      const failed = await failing(step.run(signal));
      expect(failed).toContain("migrations/002_notes.down.sql");
      expect(failed).toContain("applied still: 003_finding, 002_notes");
      expect(await scene.ports.migrations.database.catalogue(undefined, signal)).toEqual(before);

      await scene.project.write({ ...NOTES, down: "drop table notes; rollback" });
      expect(await failing(step.run(signal))).toContain("ends the transaction");
      expect(await scene.ports.migrations.database.catalogue(undefined, signal)).toEqual(before);
    },
    LIMIT_MS,
  );

  it(
    "fails where the schema is not the release's afterwards",
    async () => {
      const scene = await aScene("sql");
      await scene.project.write({ ...NOTES, down: "select 1" });
      const step = takingDown(scene);

      expect(await failing(step.run(signal))).toContain("the schema is not that of rel-1");
      expect(await step.isDone(signal)).toBe(false);
    },
    LIMIT_MS,
  );
});

describe("the step that looks before anything is stopped", () => {
  it(
    "refuses where somebody migrated, changed the schema or the files since they were tried",
    async () => {
      const scene = await aScene("sql");
      const { migrations } = scene.ports;
      const { database, root } = migrations;
      const step = createCheckMigrations(
        {
          ...BASE,
          id: "c",
          kind: "check-migrations",
          names: ["003_finding", "002_notes"],
          schemaDigest: schemaDigest(await database.catalogue(undefined, signal)),
          folderDigest: await folderDigestOf(migrations, root, signal),
        },
        { schema: { migrations, whatDiffers: async () => undefined } },
      );

      expect(await step.run(signal)).toContain("as it was when 2 migrations were tried");

      await scene.project.write({ ...NOTES, down: "drop table notes, rounds" });
      expect(await failing(step.run(signal))).toContain("migrations has other files");
      await scene.project.write(NOTES);
      await cluster.admin("alter table notes add column more text", scene.live);
      expect(await failing(step.run(signal))).toContain("the schema is another one");
      await cluster.admin("alter table notes drop column more", scene.live);
      await cluster.admin("insert into schema_migrations values ('004_more')", scene.live);
      expect(await failing(step.run(signal))).toContain(
        "the newest migrations are 003_finding, 004_more",
      );
    },
    LIMIT_MS,
  );
});
