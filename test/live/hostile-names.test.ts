import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Client, escapeIdentifier } from "pg";
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
import { compile } from "./support/compiled.ts";
import { type ConfiguredServices, startConfiguredServices } from "./support/configured-services.ts";

const LIMIT_MS = 240_000;
/** Made to break out of identifiers, shells, options, formats and addresses. */
const LIVE = "ra\"d $(id) \\'--x %s%n 😀";
const APP = `a"pp '; drop role x; -- \\`;
const WATCHER = '-wat"cher\n--output=x';
const SCHEMA = 's"chema $(id)';
const TABLE = '"Ta"".ble --clean';
const COLUMN = "do'se\n%I";
const READINGS = `${identifier(SCHEMA)}.${identifier(TABLE)}`;
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
    create role ${identifier(APP)} login password 'hush';
    create role ${identifier(WATCHER)} login createdb in role ${identifier(APP)}, pg_signal_backend, pg_read_all_data password 'hush'`);
  await cluster.admin(`create database ${identifier(LIVE)} owner ${identifier(APP)}`);
  await cluster.admin(
    `set role ${identifier(APP)}; create schema ${identifier(SCHEMA)};
     create table ${READINGS} (id int primary key, ${identifier(COLUMN)} numeric);
     insert into ${READINGS} values (1, 0.11), (2, 0.12)`,
    LIVE,
  );
  app = await startConfiguredServices(lab);
  main = await compile("src/main.ts", join(lab.folder, "rollwatch"));
  configuration = join(lab.folder, "rollwatch.yaml");
  await writeFile(configuration, stringify(settings()), { mode: 0o600 });
  await chmod(configuration, 0o600);
  release = (await answerOf(Captured, ["release", "capture"])).release;
  await cluster.admin(
    `update ${READINGS} set ${identifier(COLUMN)} = 0; insert into ${READINGS} values (3, 0.13)`,
    LIVE,
  );
}, LIMIT_MS);

afterAll(async () => {
  await lab.end();
});

function identifier(name: string): string {
  return escapeIdentifier(name);
}

function url(role: string): string {
  const [user, database] = [role, LIVE].map(encodeURIComponent);
  return `postgres://${user}:hush@127.0.0.1:${cluster.port}/${database}`;
}

function settings(): unknown {
  const { root, url: health, pm2 } = app;
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
      url: url(APP),
      dump: {},
      rollback: { url: url(WATCHER) },
    },
    signals: [
      {
        name: "api-health",
        trigger: "system-down",
        probe: { kind: "http", url: health, interval: "200ms", timeout: "1s" },
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

async function readings(): Promise<readonly string[]> {
  const client = new Client({
    host: "127.0.0.1",
    port: cluster.port,
    user: APP,
    password: "hush",
    database: LIVE,
  });
  await client.connect();
  try {
    const Row = z.object({ row: z.string() });
    const sql = `select id || ' ' || ${identifier(COLUMN)} as row from ${READINGS} order by id`;
    return (await client.query(sql)).rows.map((one) => Row.parse(one).row);
  } finally {
    await client.end();
  }
}

/** The only kept database. */
async function keptOne(): Promise<AsideReport> {
  const [one, ...others] = await kept();
  if (one === undefined || others.length > 0) {
    throw new Error(`${others.length + (one === undefined ? 0 : 1)} databases are kept`);
  }
  return one;
}

async function kept(): Promise<readonly AsideReport[]> {
  return (await answerOf(Asides, ["database", "aside", "list"])).asides;
}

describe("a database, roles, a schema, a table and a column with hostile names", () => {
  it(
    "are dumped, taken back, listed, counted, put back and dropped by their names to the letter",
    async () => {
      const back = await agreedBy(["rollback", "--scope", "database", "--to", release]);

      expect(back.ended).toMatchObject({ result: "completed" });
      expect(await readings()).toEqual(GOOD);
      const damaged = await keptOne();
      expect(damaged).toMatchObject({ state: "kept", live: LIVE, release });

      const delta = await rollwatch(["database", "delta"]);
      expect([delta.code, delta.err]).toEqual([0, ""]);
      expect(delta.out).toContain(JSON.stringify(TABLE).slice(1, -1));

      const undone = await agreedBy(["database", "undo"]);

      expect(undone.ended).toMatchObject({ result: "completed" });
      expect(await readings()).toEqual(DAMAGED);
      const good = await keptOne();
      const reason = ["--oid", String(good.oid), "--reason", "nobody needs it"];
      const dropped = await rollwatch(["database", "aside", "drop", good.name, ...reason]);
      expect([dropped.code, dropped.err]).toEqual([0, ""]);
      expect(await kept()).toEqual([]);
    },
    LIMIT_MS,
  );
});
