import { chmod, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { z } from "zod";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { labEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { Captured } from "../../src/api/contract.ts";
import { PlanReport } from "../../src/model/actions.ts";
import { RollbackPreview } from "../../src/model/preview.ts";
import { compile } from "./support/compiled.ts";
import { type ConfiguredServices, startConfiguredServices } from "./support/configured-services.ts";

const LIMIT_MS = 240_000;
/** Nobody changes a schema alone. */
const TOKENS = { Ada: "ada-administers-the-system", Dora: "dora-administers-databases" } as const;
type Name = keyof typeof TOKENS;

const KNEXFILE = `module.exports = { client: "pg", connection: process.env.DATABASE_URL };\n`;
const ROUNDS = migration(
  "create table rounds (id int primary key, name text)",
  "drop table rounds",
);
const NOTES = migration("create table notes (id int primary key, body text)", "drop table notes");
const FINDING = migration(
  "alter table rounds add column finding text",
  "alter table rounds drop column finding",
);

let lab: Lab;
let cluster: Cluster;
let app: ConfiguredServices;
let main: string;
let configuration: string;
let release: string;

function migration(up: string, down: string): string {
  return `exports.up = (knex) => knex.raw(${JSON.stringify(up)});\nexports.down = (knex) => knex.raw(${JSON.stringify(down)});\n`;
}

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password 'hush';
    create role watcher login createdb in role app, pg_signal_backend, pg_read_all_data password 'hush'`);
  await cluster.admin("create database radiation owner app");
  app = await startConfiguredServices(lab);
  await symlink(join(ROOT, "node_modules"), join(app.root, "node_modules"));
  await app.write("knexfile.js", KNEXFILE);
  await app.write("migrations/001_rounds.js", ROUNDS);
  await app.commitCode("the good one");
  await migrate();
  await query("insert into rounds values (1, 'early'), (2, 'late')");
  main = await compile("src/main.ts", join(lab.folder, "rollwatch"));
  configuration = join(lab.folder, "rollwatch.yaml");
  await writeFile(configuration, stringify(settings()), { mode: 0o600 });
  await chmod(configuration, 0o600);
  release = (await answerOf(Captured, ["release", "capture"])).release;
  await app.write("migrations/002_notes.js", NOTES);
  await app.write("migrations/003_finding.js", FINDING);
  await app.commitCode("the bad one");
  await migrate();
  await query("insert into notes values (1, 'a'), (2, 'b'); update rounds set finding = 'clean'");
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
      artifacts: ["server", "migrations"],
      services: ["api", "feed", "watcher", "clock"].map((name) => ({ name, boot: "1s" })),
      configFiles: { environment: [".env"] },
    },
    database: {
      url: cluster.url("app", "hush", "radiation"),
      migrations: {
        table: "knex_migrations",
        down: { tool: "knex", url: cluster.url("app", "hush", "radiation") },
      },
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

async function migrate(): Promise<void> {
  await execa(join(app.root, "node_modules", ".bin", "knex"), ["migrate:latest"], {
    cwd: app.root,
    env: labEnvironment(lab.folder, { DATABASE_URL: cluster.url("app", "hush", "radiation") }),
    extendEnv: false,
  });
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

async function query(sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: cluster.url("app", "hush", "radiation") });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function recorded(): Promise<readonly unknown[]> {
  return query("select name from knex_migrations order by id");
}

describe.skipIf(process.env["ROLLWATCH_PG_BIN"] === "embedded")(
  "a rollback with the schema",
  () => {
    it(
      "shows what it would lose, waits for two people, and takes schema and code back together",
      async () => {
        const asked = ["rollback", "--scope", "schema", "--to", release];

        const preview = await answerOf(RollbackPreview, [...asked, "--dry-run"]);

        const down = preview.steps.find(({ kind }) => kind === "take-migrations-down");
        expect(preview).toMatchObject({ scope: "schema", target: release });
        expect(down?.describe).toContain("take 003_finding.js, 002_notes.js down with knex");
        expect(down?.describe).toContain("public.notes (dropped with 2 rows)");
        expect(down?.describe).toContain("public.rounds.finding (dropped with 2 values)");
        expect(await recorded()).toHaveLength(3);
        expect(await query("select from notes")).toHaveLength(2);

        const begun = await rollwatch([...asked, "--reason", "as agreed"]);
        expect([begun.code, begun.err]).toEqual([4, ""]);
        const { id } = PlanReport.parse(JSON.parse(begun.out));
        const half = await answerOf(PlanReport, ["approve", id], "Dora");
        expect(half.state).toBe("waiting");
        expect(await recorded()).toHaveLength(3);
        const whole = await answerOf(PlanReport, ["approve", id], "Ada");

        expect(whole.ended).toMatchObject({ result: "completed" });
        expect(await recorded()).toEqual([{ name: "001_rounds.js" }]);
        expect(await query("select * from rounds order by id")).toEqual([
          { id: 1, name: "early" },
          { id: 2, name: "late" },
        ]);
        expect(await app.read("server/watcher.js")).toContain("the good one");
        expect(await query("select from pg_database where datname like 'rollwatch%'")).toEqual([]);

        const again = await rollwatch([...asked, "--dry-run"]);
        expect(again.code).toBe(3);
        expect(again.err).toContain("one that the release has, too");
      },
      LIMIT_MS,
    );
  },
);
