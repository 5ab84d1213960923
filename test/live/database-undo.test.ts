import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { labEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { Asides, Captured } from "../../src/api/contract.ts";
import { PlanReport } from "../../src/model/actions.ts";
import type { AsideReport } from "../../src/model/aside-database.ts";
import { RollbackPreview } from "../../src/model/preview.ts";
import { compile } from "./support/compiled.ts";
import { type ConfiguredServices, startConfiguredServices } from "./support/configured-services.ts";

const LIMIT_MS = 240_000;
/** Nobody swaps a database alone. */
const TOKENS = { Ada: "ada-administers-the-system", Dora: "dora-administers-databases" } as const;
type Name = keyof typeof TOKENS;

const GOOD = ["1 0.11", "2 0.12"];
const DAMAGED = ["1 0", "2 0", "3 0.13"];

let lab: Lab;
let cluster: Cluster;
let app: ConfiguredServices;
let main: string;
let configuration: string;
let release: string;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password 'hush';
    create role watcher login createdb in role app, pg_signal_backend, pg_read_all_data password 'hush'`);
  await cluster.admin("create database radiation owner app");
  await cluster.admin(
    `set role app; create table readings (id int primary key, dose numeric);
     insert into readings values (1, 0.11), (2, 0.12)`,
    "radiation",
  );
  app = await startConfiguredServices(lab);
  main = await compile("src/main.ts", join(lab.folder, "rollwatch"));
  configuration = join(lab.folder, "rollwatch.yaml");
  await writeFile(configuration, stringify(settings()), { mode: 0o600 });
  await chmod(configuration, 0o600);
  release = (await answerOf(Captured, ["release", "capture"])).release;
  await cluster.admin(
    "update readings set dose = 0; insert into readings values (3, 0.13)",
    "radiation",
  );
}, LIMIT_MS);

afterAll(async () => {
  await lab.end();
});

function settings(): unknown {
  const { root, url, pm2 } = app;
  return {
    application: {
      name: "configured",
      root,
      pm2Home: pm2.folder,
      pm2Program: PM2_PROGRAM,
      artifacts: ["server"],
      services: ["api", "feed", "watcher", "clock"].map((name) => ({ name, boot: "1s" })),
      configFiles: { environment: [".env"] },
    },
    database: {
      url: cluster.url("app", "hush", "radiation"),
      dump: {},
      rollback: { url: cluster.url("watcher", "hush", "radiation") },
    },
    signals: [
      {
        name: "api-health",
        trigger: "system-down",
        probe: { kind: "http", url, interval: "200ms", timeout: "1s" },
      },
    ],
    people: {
      contacts: [
        { name: "Ada", roles: ["system-administrator"], token: TOKENS.Ada },
        { name: "Dora", roles: ["database-administrator"], token: TOKENS.Dora },
      ],
    },
    release: { bake: "1s", warm: false },
    verify: { settle: "1s", steady: "1s", timeout: "60s" },
    server: { listen: "127.0.0.1:0" },
    state: join(lab.folder, "state"),
  };
}

interface Ran {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Without a daemon the command acts by itself. */
async function rollwatch(args: readonly string[], as?: Name): Promise<Ran> {
  const token = as === undefined ? {} : { ROLLWATCH_TOKEN: TOKENS[as] };
  const result = await execa(
    process.execPath,
    [main, ...args, "--config", configuration, "--json"],
    {
      cwd: ROOT,
      env: labEnvironment(lab.folder, { TMPDIR: lab.folder, USER: "tester", ...token }),
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      timeout: LIMIT_MS,
    },
  );
  return { code: result.exitCode, out: result.stdout, err: result.stderr };
}

async function answerOf<Answer>(
  schema: z.ZodType<Answer>,
  args: readonly string[],
  as?: Name,
): Promise<Answer> {
  const { out, err } = await rollwatch(args, as);
  try {
    return schema.parse(JSON.parse(out));
  } catch {
    throw new Error(`${args.join(" ")} said ${out}\n${err}`);
  }
}

/** Asks for it, has both people approve it, and returns its end. */
async function agreedBy(asking: readonly string[]): Promise<PlanReport> {
  const { code, out, err } = await rollwatch([...asking, "--reason", "as agreed"]);
  expect([code, err]).toEqual([4, ""]);
  const { id } = PlanReport.parse(JSON.parse(out));
  const half = await answerOf(PlanReport, ["approve", id], "Dora");
  expect(half.state).toBe("waiting");
  return answerOf(PlanReport, ["approve", id], "Ada");
}

/** A session of the application's role. */
async function session(database: string): Promise<Client> {
  const client = new Client({ connectionString: cluster.url("app", "hush", database) });
  await client.connect();
  return client;
}

async function query(sql: string): Promise<readonly unknown[]> {
  const client = await session("radiation");
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function readings(): Promise<readonly string[]> {
  const Row = z.object({ row: z.string() });
  const rows = await query("select id || ' ' || dose as row from readings order by id");
  return rows.map((one) => Row.parse(one).row);
}

/** The only kept database. */
async function keptOne(): Promise<AsideReport> {
  const [one, ...others] = await kept();
  if (one === undefined || others.length > 0) {
    throw new Error(`${others.length + (one === undefined ? 0 : 1)} databases are kept`);
  }
  return one;
}

async function drop({ name }: AsideReport, more: readonly string[]): Promise<Ran> {
  const reason = ["--reason", "nobody needs it"];
  return rollwatch(["database", "aside", "drop", name, ...reason, ...more]);
}

async function kept(): Promise<readonly AsideReport[]> {
  return (await answerOf(Asides, ["database", "aside", "list"])).asides;
}

describe("a database that was taken back", () => {
  it(
    "is kept, put back by undo, and the other one kept then, until a person ends it",
    async () => {
      expect(await readings()).toEqual(DAMAGED);

      const back = await agreedBy(["rollback", "--scope", "database", "--to", release]);

      expect(back.ended).toMatchObject({ result: "completed" });
      expect(await readings()).toEqual(GOOD);
      const damaged = await keptOne();
      expect(damaged).toMatchObject({ state: "kept", live: "radiation", release, plan: back.id });
      expect(damaged.bytes).toBeGreaterThan(1_000_000);

      const plan = await answerOf(RollbackPreview, ["database", "undo", "--dry-run"]);
      expect(plan).toMatchObject({ scope: "database", aside: damaged.name, target: release });
      expect(plan.steps.map(({ kind }) => kind)).not.toContain("switch");
      expect(await readings()).toEqual(GOOD);

      const undone = await agreedBy(["database", "undo"]);

      expect(undone).toMatchObject({ aside: damaged.name, ended: { result: "completed" } });
      expect(await readings()).toEqual(DAMAGED);
      const good = await keptOne();
      expect(good).toMatchObject({ state: "kept", live: "radiation", plan: undone.id });
      expect(good.oid).not.toBe(damaged.oid);

      const unasked = await drop(good, []);
      const mistaken = await drop(good, ["--oid", String(damaged.oid)]);
      const client = await session(good.name);
      const used = await drop(good, ["--oid", String(good.oid)]);
      await client.end();
      expect([unasked.code, mistaken.code, used.code]).toEqual([2, 2, 3]);
      expect(used.err).toContain("in use by app");
      expect(await keptOne()).toEqual(good);

      const dropped = await drop(good, ["--oid", String(good.oid)]);
      expect([dropped.code, dropped.err]).toEqual([0, ""]);
      expect(await kept()).toEqual([]);
      const left = await query("select from pg_database where datname like '%aside%'");
      expect(left).toEqual([]);
      expect(await readings()).toEqual(DAMAGED);
    },
    LIMIT_MS,
  );
});

describe("a kept database that somebody touched", () => {
  it(
    "is no answer to undo when it was renamed, and is not dropped under its new name",
    async () => {
      const back = await agreedBy(["rollback", "--scope", "database", "--to", release]);
      expect(back.ended).toMatchObject({ result: "completed" });
      const damaged = await keptOne();
      const { name } = damaged;
      await cluster.admin(`alter database ${name} rename to by_hand`);

      const renamed = await keptOne();
      const undo = await rollwatch(["database", "undo", name, "--dry-run"]);
      const dropped = await drop(damaged, ["--oid", String(damaged.oid)]);

      expect(renamed).toMatchObject({ name, state: "renamed" });
      expect([undo.code, dropped.code]).toEqual([3, 3]);
      expect(dropped.err).toContain("is by_hand by now");
      const there = await query("select from pg_database where datname = 'by_hand'");
      expect(there).toHaveLength(1);
    },
    LIMIT_MS,
  );
});
