import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { labEnvironment } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { startProgram } from "../../lab/program.ts";
import type { DatabasePair } from "../../src/model/aside-database.ts";
import { createCheckPool } from "../../src/recover/steps/check-pool.ts";
import { createSwapBehindPool } from "../../src/recover/steps/swap-behind-pool.ts";
import { writeAside } from "../../src/release/aside-databases.ts";
import { openClock } from "../../src/system/clock.ts";
import { type ConnectionPool, openPgBouncer } from "../../src/system/pgbouncer.ts";
import { compile } from "../live/support/compiled.ts";
import { startCompiled } from "../live/support/daemon-life.ts";
import { openSwapPorts, type SwapPlace } from "../live/support/swap-steps.ts";
import { configurePooler, type Pooler } from "./support/pgbouncer.ts";

const { signal } = new AbortController();
const PASSWORD = "hush-hush";
const NAMES = ["radiation_1", "radiation_2", "radiation_3"] as const;
const WRITERS = 10;
const PATIENCE_MS = 60_000;

let lab: Lab;
let cluster: Cluster;
let pooler: Pooler;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password '${PASSWORD}'; create role stranger login password '${PASSWORD}';
    create role watcher login createdb in role app, pg_signal_backend password '${PASSWORD}'`);
  pooler = await configurePooler(lab, cluster, { databases: NAMES, password: PASSWORD });
  const { program, args, env } = pooler;
  await startProgram(lab, { name: "pgbouncer", program, args, env, folder: lab.folder });
  await until("PgBouncer answers", async () => answers(pooler.url("keeper", "pgbouncer")));
});

afterAll(async () => {
  await lab.end();
});

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > end) {
      throw new Error(`not in time: ${what}`);
    }
    await sleep(20);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await query(url, "show version");
    return true;
  } catch {
    return false;
  }
}

async function query(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

interface Scene {
  readonly pair: DatabasePair;
  readonly place: SwapPlace;
  readonly pool: ConnectionPool;
}

/** A live database and one that waits for its place. */
async function aScene(live: string): Promise<Scene> {
  const waiting = `rollwatch_snap_${live}`;
  for (const name of [live, waiting]) {
    await cluster.admin(`create database ${name} owner app`);
    await cluster.admin("set role app; create table readings (written text)", name);
  }
  const place = {
    stateFolder: join(lab.folder, `state-${live}`),
    url: cluster.url("watcher", PASSWORD, live),
    applicationUrl: cluster.url("app", PASSWORD, live),
    mayEnd: [],
  };
  const { databases, making } = openSwapPorts(place);
  const oids = await databases.oidsOf([live, waiting], signal);
  const properties = await databases.properties(waiting, signal);
  await cluster.admin(`alter database ${waiting} allow_connections false`);
  const pair = {
    live,
    replaced: { name: `${live}_aside_1`, oid: oids.get(live) ?? 0 },
    next: { name: waiting, oid: oids.get(waiting) ?? 0 },
  };
  const next = { properties, rows: {}, schemaFingerprint: "" };
  const noted = { at: 1, plan: "plan-1", release: "rel-1", systemIdentifier: null };
  await writeAside(making.files, place.stateFolder, { pair, ...noted, next, properties });
  return { pair, place, pool: poolOf("keeper", live) };
}

function poolOf(role: string, live: string): ConnectionPool {
  return openPgBouncer({
    url: pooler.url(role, "pgbouncer"),
    databases: [live],
    clock: openClock(),
  });
}

function swapStep(
  { pair, place, pool }: Scene,
  pauseMs = 20_000,
): ReturnType<typeof createSwapBehindPool> {
  const base = { id: "s", phase: "act", text: "swap", deadlineMs: 60_000 } as const;
  return createSwapBehindPool(
    {
      ...base,
      kind: "swap-behind-pool",
      aside: pair.replaced.name,
      patienceMs: 20_000,
      pauseMs,
    },
    { ...openSwapPorts(place), pool },
  );
}

interface Writers {
  /** Resolves when so many more writes were acknowledged. */
  written(more: number): Promise<void>;
  end(): Promise<{
    readonly written: readonly string[];
    readonly errors: readonly string[];
    readonly longestMs: number;
  }>;
}

/** Clients that write through PgBouncer, each on one connection, and give up at the first error. */
function writers(live: string): Writers {
  const written: string[] = [];
  const errors: string[] = [];
  let longestMs = 0;
  const over = new AbortController();
  const all = Array.from({ length: WRITERS }, async (_none, index) => {
    const client = new Client({ connectionString: pooler.url("app", live) });
    client.on("error", (error) => errors.push(error.message));
    try {
      await client.connect();
      for (let number = 0; !over.signal.aborted; number += 1) {
        const text = `client ${index} ${number}`;
        const since = performance.now();
        await client.query("insert into readings values ($1)", [text]);
        longestMs = Math.max(longestMs, performance.now() - since);
        written.push(text);
        await sleep(2);
      }
    } catch (error) {
      errors.push(String(error));
    } finally {
      await client.end();
    }
  });
  return {
    written: async (more) => {
      const wanted = written.length + more;
      await until("writes are acknowledged", async () => {
        if (errors.length > 0) {
          throw new Error(errors.join("; "));
        }
        return written.length >= wanted;
      });
    },
    end: async () => {
      over.abort();
      await Promise.all(all);
      return { written, errors, longestMs };
    },
  };
}

async function rowsIn(database: string): Promise<readonly string[]> {
  const rows = await query(
    cluster.url("watcher", PASSWORD, database),
    "select written from readings",
  );
  return rows.map(({ written }) => String(written));
}

async function isPaused(pool: ConnectionPool): Promise<boolean> {
  return (await pool.look(signal)).some((one) => one.isPaused);
}

describe("a swap behind PgBouncer", () => {
  it("lets ten clients that write through it wait, and fails none of their requests", async () => {
    const scene = await aScene(NAMES[0]);
    const { pair, pool } = scene;
    const crowd = writers(pair.live);
    await crowd.written(200);
    const step = swapStep(scene);

    const seen = await step.run(signal);
    await crowd.written(200);
    const { written, errors, longestMs } = await crowd.end();

    expect(errors).toEqual([]);
    expect(seen).toMatch(/clients waited \d+ ms in PgBouncer$/u);
    expect(longestMs).toBeLessThan(20_000);
    const [before, after] = [await rowsIn(pair.replaced.name), await rowsIn(pair.live)];
    expect(new Set([...before, ...after])).toEqual(new Set(written));
    expect(Math.min(before.length, after.length)).toBeGreaterThan(0);
    expect(await isPaused(pool)).toBe(false);
    expect(await step.isDone(signal)).toBe(true);
  });

  it("that is killed while clients wait is brought to its end by the same step, which lets them go on", async () => {
    const scene = await aScene(NAMES[1]);
    const { pair, place, pool } = scene;
    const program = await compile(
      "test/peers/support/pooled-swap-process.ts",
      join(lab.folder, "compiled"),
    );
    const crowd = writers(pair.live);
    await crowd.written(50);
    // Nobody declared it, so that the swap waits for its end with the clients held back.
    const stranger = new Client({
      connectionString: cluster.url("stranger", PASSWORD, pair.live),
    });
    stranger.on("error", () => undefined);
    await stranger.connect();
    const url = pooler.url("keeper", "pgbouncer");
    const asked = JSON.stringify({ url, databases: [pair.live] });
    const args = [JSON.stringify(place), asked, pair.replaced.name];
    const life = startCompiled(program, args, labEnvironment(lab.folder));
    await life.ready;
    await until("clients wait", async () => isPaused(pool));
    life.send("SIGKILL");
    await life.ended;
    const stayedPaused = await isPaused(pool);
    await stranger.end();
    const step = swapStep(scene);
    const wasDone = await step.isDone(signal);

    await step.run(signal);
    await crowd.written(50);

    expect([stayedPaused, wasDone, await isPaused(pool)]).toEqual([true, false, false]);
    expect((await crowd.end()).errors).toEqual([]);
    expect((await rowsIn(pair.live)).length).toBeGreaterThan(0);
  });

  it("is refused by name where a client stays in a transaction, and then everybody goes on", async () => {
    const scene = await aScene(NAMES[2]);
    const { pair, place, pool } = scene;
    const idle = new Client({ connectionString: pooler.url("app", pair.live) });
    await idle.connect();
    await idle.query("begin");
    await idle.query("insert into readings values ('mine')");

    const refused = await swapStep(scene, 1000)
      .run(signal)
      .catch((error: unknown) => error);

    expect(refused).toMatchObject({
      code: "refused",
      message: expect.stringMatching(/in the middle of transactions: app of 127\.0\.0\.1:\d+$/u),
    });
    expect(await isPaused(pool)).toBe(false);
    expect(await openSwapPorts(place).databases.look(pair, signal)).toBe("before");
    await idle.query("commit");
    await idle.end();
    expect(await query(pooler.url("app", pair.live), "select written from readings")).toEqual([
      { written: "mine" },
    ]);
  });
});

describe("PgBouncer's console", () => {
  it("says who may pause, which databases it does not know, and never a password", async () => {
    const pool = poolOf("looker", "nowhere");
    const wrong = openPgBouncer({
      url: pooler.url("keeper", "pgbouncer").replace(PASSWORD, "wrong-secret"),
      databases: [],
      clock: openClock(),
    });

    expect(await pool.look(signal)).toEqual([]);
    expect([await pool.isAdmin(signal), await poolOf("keeper", "x").isAdmin(signal)]).toEqual([
      false,
      true,
    ]);
    await expect(wrong.look(signal)).rejects.toThrow(/^PgBouncer at (?!.*wrong-secret)/u);
  });

  it("is asked before anything is changed whether somebody else has paused a database", async () => {
    const [name] = NAMES;
    const pool = poolOf("keeper", name);
    const check = createCheckPool(
      { id: "c", kind: "check-pool", phase: "prepare", text: "ask", deadlineMs: 9000 },
      { pool },
    );
    const good = await check.run(signal);
    await query(pooler.url("keeper", "pgbouncer"), `pause ${name}`);

    const refused = check.run(signal);

    await expect(refused).rejects.toThrow(`not by this plan: ${name}`);
    expect(good).toContain("may be paused");
    expect(await pool.resume(signal)).toEqual([name]);
    expect(await pool.resume(signal)).toEqual([]);
  });
});
