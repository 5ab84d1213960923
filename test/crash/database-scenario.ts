import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

const LIVE = "crash_live";
const LIMIT_MS = 60_000;

/** The names of databases by what they hold, and what else is there. */
interface Standing {
  readonly holding: ReadonlyMap<string, string>;
  readonly others: readonly string[];
}

const GOOD_DATA = "good";
const BAD_DATA = "bad";

function databaseScenario(cluster: Cluster): Scenario {
  async function rows(database: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: cluster.url("boss", "hush", database) });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function names(): Promise<readonly string[]> {
    const all = await rows(
      "postgres",
      "select datname from pg_database where not datistemplate and datname <> 'postgres' order by 1",
    );
    return all.map((row) => String(row["datname"]));
  }

  async function look(): Promise<Standing> {
    const holding = new Map<string, string>();
    const others: string[] = [];
    for (const name of await names()) {
      await cluster.admin(`alter database ${name} allow_connections true`);
      const found = await rows(
        name,
        "select string_agg(what, ',' order by what) as what, count(*)::int as n from readings",
      ).catch(() => []);
      const [row] = found;
      const what = `${String(row?.["what"])} ${String(row?.["n"])}`;
      if (name === LIVE || name.includes("_aside_")) {
        holding.set(name === LIVE ? "live" : "kept", what);
      } else {
        others.push(name);
      }
    }
    return { holding, others };
  }

  return {
    name: "database",
    isAskedFor: true,
    outcome: "completed, rolled-back",
    begin: async (lab) => {
      await asked(lab.state, { scope: "database", to: await goodRelease(lab) });
      await approveAll(lab);
    },
    resume: approveWaiting,
    reset: async (lab) => {
      const client = await names();
      for (const name of client.filter((one) => one !== LIVE)) {
        await cluster.admin(`drop database ${name} with (force)`);
      }
      await cluster.admin(`alter database ${LIVE} reset default_transaction_read_only`);
      await cluster.admin(
        `truncate readings; insert into readings (what) values ('${BAD_DATA}'), ('${BAD_DATA}')`,
        LIVE,
      );
      await untilGood(lab);
    },
    askBeside: async (lab, state) => {
      await asked(state, { scope: "database", to: await goodRelease(lab) });
      await approveAll(lab, state);
    },
    problems: async (lab, { wasMade }) => {
      const { holding } = await look();
      const [live, kept] = [holding.get("live"), holding.get("kept")];
      const right = wasMade
        ? live === `${GOOD_DATA} 1` && kept === `${BAD_DATA},${BAD_DATA} 2`
        : live === `${BAD_DATA},${BAD_DATA} 2` && kept === undefined;
      return [
        ...(await servedProblems(lab)),
        ...(right ? [] : [`live holds ${live ?? "nothing"}, kept ${kept ?? "nothing"}`]),
      ];
    },
  };
}

/** A PostgreSQL with a live database that the release's data is dumped from, and worse data later. */
export async function openDatabaseScenario(
  lab: Lab,
): Promise<{ readonly setting: CrashSetting; readonly scenario: Scenario }> {
  const cluster = await startCluster(lab);
  await cluster.admin(`
    create role boss superuser login password 'hush'; create role app login password '${SECRETS.database}';
    create role watcher login createdb in role app, pg_signal_backend, pg_read_all_data password '${SECRETS.database}'`);
  await cluster.admin(`create database ${LIVE} owner app`);
  await cluster.admin(
    `set role app; create table readings (id bigserial primary key, what text); insert into readings (what) values ('${GOOD_DATA}')`,
    LIVE,
  );
  const database = {
    url: cluster.url("app", SECRETS.database, LIVE),
    dump: {},
    rollback: { url: cluster.url("watcher", SECRETS.database, LIVE) },
  };
  const setting = { people: PEOPLE, database, untilReady: untilDumped };
  return { setting, scenario: databaseScenario(cluster) };
}

async function untilDumped(state: string): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  for (;;) {
    const ids = await readdir(join(state, "releases"));
    const files = ids.map((id) => join(state, "releases", id, "database.json"));
    const there = await Promise.all(
      files.map(async (file) =>
        access(file).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (there.some(Boolean)) {
      return;
    }
    await sleep(50, undefined, { signal: limit });
  }
}
