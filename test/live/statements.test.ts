import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import { openStatements } from "../../src/system/postgres-statements.ts";

const clock = openClock();
const { signal } = new AbortController();
const statements = openStatements(clock);

describe("an operator's SQL", () => {
  let lab: Lab;
  let cluster: Cluster;
  let url: string;

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await cluster.admin("create role app login password 'hush'");
    await cluster.admin("create database app owner app");
    url = cluster.url("app", "hush", "app");
    await cluster.admin("create table t (mark text); alter table t owner to app", "app");
    await cluster.admin("insert into t values ('kept')", "app");
    await cluster.admin("create table secret (id int)", "app");
  });

  afterAll(async () => {
    await lab.end();
  });

  async function ask(sql: string, timeoutMs = 2000): Promise<unknown> {
    return statements.askNumber({ url, sql, timeoutMs }, signal);
  }

  async function count(table: string): Promise<number> {
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    await client.end();
    return rows[0]?.n ?? Number.NaN;
  }

  it.each([
    ["select 1", 1],
    ["select count(*) from t;", 1],
    ["with a as (select 2.5::numeric as n) select n from a -- a comment", 2.5],
    ["values (-3::float8)", -3],
  ])("answers %j with its number", async (sql, value) => {
    expect(await ask(sql, 30_000)).toEqual({ kind: "number", value });
  });

  it.each([
    ["select 1 where false", "it answers no row"],
    ["select null::int", "it answers NULL"],
    ["select generate_series(1, 1000000000)", "it answers more than one row"],
    ["select 1, 2", "it answers 2 columns"],
    ["select '12'", "it answers something else than a number"],
    ["select 'NaN'::float8", "its number is not finite"],
    ["select 1e400::numeric", "its number is not finite"],
  ])("has no number in the answer to %j", async (sql, detail) => {
    expect(await ask(sql, 30_000)).toMatchObject({
      kind: "no-number",
      detail: expect.stringContaining(detail),
    });
  });

  it.each([
    ["select count(*) from nowhere", "42P01"],
    ["select count(*) from secret", "42501"],
    ["select 1; delete from t", "42601"],
    ["select 1; commit; delete from t", "42601"],
    ["delete from t returning 1", "42601"],
    ["with gone as (delete from t returning 1) select count(*) from gone", "0A000"],
    ["select setval('s', 2)", "42P01"],
    ["select pg_sleep(10)", "57014"],
  ])("is not carried out when it is %j", async (sql, sqlstate) => {
    expect(await ask(sql, 500)).toMatchObject({ kind: "fails", sqlstate });
    expect(await count("t")).toBe(1);
  });

  it("cannot write through a function either", async () => {
    await cluster.admin(
      "create function wipe() returns int security definer language sql as 'delete from t returning 1'",
      "app",
    );

    expect(await ask("select wipe()")).toMatchObject({ kind: "fails", sqlstate: "25006" });
    expect(await count("t")).toBe(1);
  });

  it("is cut off when it answers too much", async () => {
    expect(await ask("select repeat('x', 5000000)")).toMatchObject({
      kind: "fails",
      detail: expect.stringContaining("bytes came back"),
    });
  });

  it("does not queue behind a lock", async () => {
    const holder = new Client({ connectionString: url });
    await holder.connect();
    await holder.query("begin; lock table t");

    const answer = await ask("select count(*) from t", 30_000);

    await holder.end();
    expect(answer).toMatchObject({ kind: "fails", sqlstate: "55P03" });
  });

  it("is cancelled at the server by an abort, and named", async () => {
    const controller = new AbortController();
    const reason = new Error("told to stop");
    const question = {
      url,
      sql: "select count(*) from generate_series(1, 1e12::bigint)",
      timeoutMs: 600_000,
    };
    const asking = statements.askNumber(question, controller.signal);
    await until(async () => (await running(cluster)) === 1);

    controller.abort(reason);

    await expect(asking).rejects.toBe(reason);
    await until(async () => (await running(cluster)) === 0);
  });

  it("finds by a mark", async () => {
    const sql = "select from t where mark = $1";

    const found = await statements.find({ url, sql, timeoutMs: 2000 }, "kept", signal);
    const nothing = await statements.find({ url, sql, timeoutMs: 2000 }, "other'; --", signal);

    expect([found.kind, nothing.kind]).toEqual(["found", "nothing"]);
  });

  it("runs all of its statements or none", async () => {
    const good = "insert into t values ($1)";
    const bad = "insert into nowhere values ($1)";

    const failed = await statements.run({ url, sql: [good, bad], timeoutMs: 2000 }, "a", signal);
    const left = await count("t");
    const done = await statements.run({ url, sql: [good, good], timeoutMs: 2000 }, "a", signal);

    expect(failed).toMatchObject({ kind: "fails", sqlstate: "42P01" });
    expect(left).toBe(1);
    expect(done).toEqual({ kind: "done", rows: 2 });
    expect(await count("t")).toBe(3);
  });
});

/** Queries of rollwatch's that the server works on. */
async function running(cluster: Cluster): Promise<number> {
  const client = new Client({ connectionString: cluster.url("app", "hush", "app") });
  await client.connect();
  const { rows } = await client.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where application_name = 'rollwatch' and state = 'active' and query like 'fetch%'",
  );
  await client.end();
  return rows[0]?.n ?? Number.NaN;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = clock.deadline(10_000, signal);
  while (!(await isSo())) {
    await clock.sleep(20, deadline);
  }
}
