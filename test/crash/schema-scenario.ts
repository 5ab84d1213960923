import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import type { Lab } from "../../lab/lab.ts";
import type { CrashSetting } from "../live/support/crash-lab.ts";
import {
  approveAll,
  approveWaiting,
  asked,
  goodRelease,
  PEOPLE,
  SECRETS,
  servedProblems,
  untilGood,
} from "./asking.ts";
import type { Scenario } from "./scenario.ts";

const LIVE = "crash_schema";
const FIRST = "create table rounds (id int primary key, name text)";
const SECOND = "create table notes (id int primary key, body text)";
/** The migrations of the good release. */
const FILES = {
  "migrations/001_rounds.up.sql": FIRST,
  "migrations/001_rounds.down.sql": "drop table rounds",
};

/** A PostgreSQL with a schema of two migrations, the second of which the good release lacks. */
export async function openSchemaScenario(
  lab: Lab,
): Promise<{ readonly setting: CrashSetting; readonly scenario: Scenario }> {
  const cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password '${SECRETS.database}';
    create role watcher login createdb in role app, pg_signal_backend, pg_read_all_data password '${SECRETS.database}'`);
  await cluster.admin(`create database ${LIVE} owner app`);
  await cluster.admin(
    `set role app; create table schema_migrations (name text primary key); ${FIRST};
     insert into schema_migrations values ('001_rounds'); insert into rounds values (1, 'early')`,
    LIVE,
  );
  const url = cluster.url("app", SECRETS.database, LIVE);
  const database = {
    url,
    migrations: { table: "schema_migrations", column: "name", down: { tool: "sql", url } },
    rollback: { url: cluster.url("watcher", SECRETS.database, LIVE) },
  };
  const setting = { people: PEOPLE, database, artifacts: ["migrations"], files: FILES };
  return { setting, scenario: schemaScenario(cluster) };
}

function schemaScenario(cluster: Cluster): Scenario {
  async function standing(): Promise<string> {
    const client = new Client({ connectionString: cluster.url("app", SECRETS.database, LIVE) });
    await client.connect();
    try {
      const { rows } = await client.query(
        `select (select string_agg(name, ' ' order by name) from schema_migrations) || '; ' ||
           (select string_agg(tablename, ' ' order by tablename) from pg_tables where schemaname = 'public') || '; ' ||
           (select string_agg(name, ' ') from rounds) as found`,
      );
      return String(rows[0]?.found);
    } finally {
      await client.end();
    }
  }

  return {
    name: "schema",
    isAskedFor: true,
    outcome: "completed, rolled-back",
    begin: async (lab) => {
      const folder = join(lab.app.root, "migrations");
      await writeFile(join(folder, "002_notes.up.sql"), SECOND);
      await writeFile(join(folder, "002_notes.down.sql"), "drop table notes");
      await cluster.admin(
        `set role app; ${SECOND}; insert into schema_migrations values ('002_notes')`,
        LIVE,
      );
      await lab.volume?.sync();
      await asked(lab.state, { scope: "schema", to: await goodRelease(lab) });
      await approveAll(lab);
    },
    resume: approveWaiting,
    reset: async (lab) => {
      await cluster.admin(
        "drop table if exists notes; delete from schema_migrations where name = '002_notes'",
        LIVE,
      );
      await rm(join(lab.app.root, "migrations", "002_notes.up.sql"), { force: true });
      await rm(join(lab.app.root, "migrations", "002_notes.down.sql"), { force: true });
      await untilGood(lab);
    },
    askBeside: async (lab, state) => {
      await asked(state, { scope: "schema", to: await goodRelease(lab) });
      await approveAll(lab, state);
    },
    problems: async (lab, { wasMade }) => {
      const files = (await readdir(join(lab.app.root, "migrations"))).toSorted().join(" ");
      const found = `${await standing()}; ${files}`;
      const expected = wasMade
        ? "001_rounds; rounds schema_migrations; early; 001_rounds.down.sql 001_rounds.up.sql"
        : "001_rounds 002_notes; notes rounds schema_migrations; early; 001_rounds.down.sql 001_rounds.up.sql 002_notes.down.sql 002_notes.up.sql";
      const copies = await leftCopies(cluster);
      return [
        ...(await servedProblems(lab)),
        ...(found === expected ? [] : [`the schema is ${found}`]),
        ...copies.map((one) => `a copy is left: ${one}`),
      ];
    },
  };
}

/** Databases that a trial on a copy left behind. */
async function leftCopies(cluster: Cluster): Promise<readonly string[]> {
  const client = new Client({ connectionString: cluster.url("app", SECRETS.database, LIVE) });
  await client.connect();
  try {
    const { rows } = await client.query(
      "select datname from pg_database where not datistemplate and datname not in ('postgres', $1)",
      [LIVE],
    );
    return rows.map((row) => String(row.datname));
  } finally {
    await client.end();
  }
}
