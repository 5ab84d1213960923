import { access, appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import type { Lab } from "../../lab/lab.ts";
import { remoteActions } from "../../src/cli/daemon-client.ts";
import type { RollbackRequest } from "../../src/model/actions.ts";
import type { Entry } from "../../src/model/facts.ts";
import type { CrashLab, CrashSetting } from "../live/support/crash-lab.ts";
import { factsOf } from "../live/support/restored.ts";
import { GOOD } from "../live/support/two-services.ts";

/** A plan that is carried out while its daemon dies. */
export interface Scenario {
  readonly name: "application" | "service" | "configuration" | "database";
  /** Whether a person asks for it: what was not written down then is never made. */
  readonly isAskedFor: boolean;
  /** How it ends, whatever was killed. */
  readonly outcome: string;
  /** Makes what the plan is needed for, and asks for it. May reject when the daemon dies meanwhile. */
  readonly begin: (lab: CrashLab) => Promise<void>;
  /** What people do when they see that the daemon lives again. */
  readonly resume: (lab: CrashLab, entries: readonly Entry[]) => Promise<void>;
  /** Puts the world back to how every case begins. */
  readonly reset: (lab: CrashLab) => Promise<void>;
  /** What is not as it must be once the plan was carried out, or where it was never made. */
  readonly problems: (lab: CrashLab, wasMade: boolean) => Promise<readonly string[]>;
}

const { signal } = new AbortController();
/** Nobody may find these anywhere but where they are kept. */
export const SECRETS = {
  ada: "canary-token-of-ada-7391",
  dora: "canary-token-of-dora-7391",
  database: "canary-password-7391",
} as const;
const BY = { name: "Mia", roles: [], access: [] };
const LIVE = "crash_live";
const LIMIT_MS = 60_000;

function asked(lab: CrashLab, more: Partial<RollbackRequest>): Promise<unknown> {
  const request = { scope: "application", reason: "as agreed", ...more } as const;
  return remoteActions(lab.state, { by: BY.name }, signal).rollback(request, BY, signal);
}

async function goodRelease(lab: CrashLab): Promise<string> {
  return factsOf(await lab.entries(), "release-proven")[0]?.release ?? "";
}

async function servedProblems(lab: CrashLab): Promise<readonly string[]> {
  const served = await lab.app.served();
  return served === GOOD ? [] : [`it serves ${served ?? "nothing"}`];
}

async function untilGood({ app }: CrashLab): Promise<void> {
  const head = await app.head();
  if (head.commit !== app.commits.good || (await app.served()) !== GOOD) {
    await app.deployGood();
  }
}

const application: Scenario = {
  name: "application",
  isAskedFor: false,
  outcome: "completed, rolled-back",
  begin: async (lab) => lab.app.deployBad(),
  resume: async () => undefined,
  reset: untilGood,
  problems: async (lab) => {
    const { commit, changes } = await lab.app.head();
    return [
      ...(await servedProblems(lab)),
      ...(commit === lab.app.commits.good && changes === ""
        ? []
        : [`git has ${commit} ${changes}`]),
    ];
  },
};

const service: Scenario = {
  name: "service",
  isAskedFor: true,
  outcome: "completed, serviced",
  begin: async (lab) => {
    await asked(lab, { scope: "service", services: ["api", "worker"] });
  },
  resume: async () => undefined,
  reset: untilGood,
  problems: servedProblems,
};

const LEFT_OVER = "LEFT_OVER=1";

const configuration: Scenario = {
  name: "configuration",
  isAskedFor: true,
  outcome: "completed, rolled-back",
  begin: async (lab) => {
    await appendFile(join(lab.app.root, ".env"), `${LEFT_OVER}\n`);
    await asked(lab, { scope: "configuration", to: await goodRelease(lab) });
  },
  resume: async () => undefined,
  reset: async (lab) => {
    const { ".env": text = "" } = await lab.app.files();
    if (text.includes(LEFT_OVER) || (await lab.app.served()) !== GOOD) {
      await lab.app.deployGood();
    }
  },
  problems: async (lab, wasMade) => {
    const { ".env": text = "" } = await lab.app.files();
    return [
      ...(await servedProblems(lab)),
      ...(text.includes(LEFT_OVER) === wasMade ? [`.env is ${JSON.stringify(text)}`] : []),
    ];
  },
};

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
      await asked(lab, { scope: "database", to: await goodRelease(lab) });
      await approveAll(lab);
    },
    resume: async (lab, entries) => {
      const waits =
        factsOf(entries, "approval-asked").length > factsOf(entries, "recovery-ended").length;
      await (waits ? approveAll(lab) : undefined);
    },
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
    problems: async (lab, wasMade) => {
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

/** Both people, each as often as it takes: a daemon that dies in between asks nobody again. */
async function approveAll(lab: CrashLab): Promise<void> {
  const plan = factsOf(await lab.entries(), "approval-asked").at(-1)?.plan ?? "";
  for (const token of [SECRETS.dora, SECRETS.ada]) {
    const actions = remoteActions(lab.state, { by: "somebody", token }, signal);
    const { state, approval } = await actions.plan(plan);
    const role = token === SECRETS.ada ? "system-administrator" : "database-administrator";
    if (state === "waiting" && approval?.given.every((one) => one.role !== role) === true) {
      await actions.approve(plan, {}, BY);
    }
  }
}

/** What a scenario's lab is opened with. */
export async function settingOf(
  lab: Lab,
  name: Scenario["name"],
): Promise<{
  readonly setting: CrashSetting;
  readonly scenario: Scenario;
}> {
  const people = {
    contacts: [
      { name: "Ada", roles: ["system-administrator"], token: SECRETS.ada },
      { name: "Dora", roles: ["database-administrator"], token: SECRETS.dora },
    ],
  };
  if (name !== "database") {
    return { setting: { people }, scenario: { application, service, configuration }[name] };
  }
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
  const setting = { people, database, untilReady: untilDumped };
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
