import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { labEnvironment } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import type { AsideDatabase, DatabasePair } from "../../src/model/aside-database.ts";
import type { DatabaseProperties } from "../../src/model/warm-database.ts";
import { createCheckDatabase } from "../../src/recover/steps/check-database.ts";
import { createMoveSequences } from "../../src/recover/steps/move-sequences.ts";
import { createSwapDatabase } from "../../src/recover/steps/swap-database.ts";
import { createVerifyDatabase } from "../../src/recover/steps/verify-database.ts";
import { writeAside } from "../../src/release/aside-databases.ts";
import { compile } from "./support/compiled.ts";
import { startCompiled } from "./support/daemon-life.ts";
import { openSwapPorts, type SwapPlace } from "./support/swap-steps.ts";
import { aCrowd, type Crowd } from "./support/writing-crowd.ts";

const { signal } = new AbortController();
/** `CHAOS_ROUNDS=40` is the long form. */
const ROUNDS = Number(process.env["CHAOS_ROUNDS"] ?? 10);
const CLIENTS = 50;
/** A process that swaps is killed within this time; half of them are done by then. */
const KILL_WITHIN_MS = 1500;
/** In one of so many rounds the server dies, too. */
const SERVER_DIES_EVERY = 5;

let lab: Lab;
let cluster: Cluster;
let place: SwapPlace;
let program: string;
let count = 0;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin(`
    create role app login password 'hush'; create role auditor; create role stranger login password 'hush';
    create role watcher login createdb createrole in role app, pg_signal_backend, pg_read_all_data password 'hush'`);
  program = await compile("test/live/support/swapping-process.ts", join(lab.folder, "compiled"));
});

afterAll(async () => {
  await lab.end();
});

interface Scene {
  readonly pair: DatabasePair;
  readonly swap: AsideDatabase;
}

/** A live database and one that waits for its place, alike but for what they hold. */
async function aScene(): Promise<Scene> {
  count += 1;
  const live = `radiation_${count}`;
  const waiting = `rollwatch_snap_${count}`;
  for (const name of [live, waiting]) {
    await cluster.admin(`create database ${name} owner app connection limit 80`);
    await cluster.admin(`revoke connect on database ${name} from public; grant connect on database ${name} to auditor;
      alter database ${name} set timezone = 'Europe/Vienna'; alter role app in database ${name} set work_mem = '5MB';
      comment on database ${name} is 'its own'`);
    await cluster.admin(
      `set role app; create table readings (id bigserial primary key, written text unique); create table devices (id int);
       insert into devices select generate_series(1, 7)`,
      name,
    );
  }
  place = {
    stateFolder: join(lab.folder, `state-${count}`),
    url: cluster.url("watcher", "hush", live),
    applicationUrl: cluster.url("app", "hush", live),
    mayEnd: [],
  };
  const { databases } = openSwapPorts(place);
  const oids = await databases.oidsOf([live, waiting], signal);
  await cluster.admin(`alter database ${waiting} allow_connections false`);
  const pair = {
    live,
    replaced: { name: `${live}_aside_1`, oid: oids.get(live) ?? 0 },
    next: { name: waiting, oid: oids.get(waiting) ?? 0 },
  };
  return { pair, swap: await note(pair, await databases.properties(waiting, signal)) };
}

async function note(pair: DatabasePair, next: DatabaseProperties): Promise<AsideDatabase> {
  const ports = openSwapPorts(place);
  const swap: AsideDatabase = {
    pair,
    at: 1,
    plan: "plan-1",
    release: "rel-1",
    systemIdentifier: null,
    next: { properties: next, rows: { "public.devices": 7 }, schemaFingerprint: "" },
    properties: await ports.databases.properties(pair.live, signal),
  };
  await writeAside(ports.making.files, place.stateFolder, swap);
  return swap;
}

/** The swap back of one that was made. */
async function back({ pair, properties }: AsideDatabase, name: string): Promise<AsideDatabase> {
  const replaced = { name, oid: pair.next.oid };
  return note({ live: pair.live, replaced, next: pair.replaced }, properties);
}

function step({ pair }: AsideDatabase, patienceMs = 45_000): ReturnType<typeof createSwapDatabase> {
  const base = { id: "s", phase: "act", text: "swap", deadlineMs: 60_000 } as const;
  const descriptor = {
    ...base,
    kind: "swap-database",
    aside: pair.replaced.name,
    patienceMs,
  } as const;
  return createSwapDatabase(descriptor, openSwapPorts(place));
}

/** Asks, with the moment that people were asked about, whether the scene may be swapped; its waiting database is of moment 2. */
async function aCheck({ pair, swap }: Scene): Promise<(at: number) => Promise<string>> {
  const ports = openSwapPorts(place);
  const { live, next } = pair;
  const { oid } = pair.replaced;
  await ports.making.files.makeFolder(ports.catalogue.folderOf("rel-1"), 0o700);
  await ports.catalogue.writeWarm("rel-1", {
    ...swap.next,
    ...next,
    live: { name: live, oid },
    systemIdentifier: null,
    serverVersion: "15",
    at: 2,
    how: "clone",
    seconds: 1,
    snapshot: "",
  });
  const asked = { id: "check-database", kind: "check-database", phase: "prepare" } as const;
  const about = { text: "ask", deadlineMs: 1000, aside: pair.replaced.name, release: "rel-1" };
  const source = { kind: "release" } as const;
  const what = { ...asked, ...about, source, live: { name: live, oid } };
  return async (at) => createCheckDatabase({ ...what, at }, ports).run(signal);
}

async function query(sql: string, database: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: cluster.url("watcher", "hush", database) });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

async function writtenIn(database: string): Promise<readonly string[]> {
  return (await query("select written from readings", database)).map(({ written }) =>
    String(written),
  );
}

/** Ends the server as a crash would. */
async function killServer(): Promise<void> {
  const file = await readFile(join(lab.folder, "postgres", "data", "postmaster.pid"), "utf8");
  const pid = Number(file.split("\n")[0]);
  process.kill(pid, "SIGQUIT");
  while (isThere(pid)) {
    await sleep(20);
  }
  await cluster.start();
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a swap of two databases", () => {
  it("puts the waiting one in the live one's place with everything it has, and keeps the other read-only", async () => {
    const { pair, swap } = await aScene();
    const { databases } = openSwapPorts(place);
    const before = await databases.properties(pair.live, signal);

    await step(swap).run(signal);

    expect(await databases.look(pair, signal)).toBe("after");
    expect(await step(swap).isDone(signal)).toBe(true);
    expect(await databases.properties(pair.live, signal)).toEqual(before);
    const [kept] = await query(
      "select datconnlimit, datallowconn, (select setting from pg_settings where name = 'default_transaction_read_only') as mode from pg_database where datname = current_database()",
      pair.replaced.name,
    );
    expect(kept).toEqual({ datconnlimit: 5, datallowconn: true, mode: "on" });
    const verify = createVerifyDatabase(
      {
        id: "v",
        kind: "verify-database",
        phase: "act",
        text: "verify",
        deadlineMs: 60_000,
        aside: pair.replaced.name,
      },
      openSwapPorts(place),
    );
    expect(await verify.run(signal)).toContain("may write");
  });

  it("is undone by the same swap, with the properties of before", async () => {
    const { pair, swap } = await aScene();
    const { databases } = openSwapPorts(place);
    const before = await databases.properties(pair.live, signal);
    await step(swap).run(signal);
    const undo = await back(swap, `${pair.live}_aside_2`);

    await step(undo).run(signal);

    expect((await databases.live(signal)).oid).toBe(pair.replaced.oid);
    expect(await databases.properties(pair.live, signal)).toEqual(before);
  });

  it("moves sequences past the live ones once, however often it is asked", async () => {
    const { pair, swap } = await aScene();
    await query(
      "insert into readings (written) select i::text from generate_series(1, 20) i",
      pair.live,
    );
    const descriptor = {
      id: "m",
      kind: "move-sequences",
      phase: "act",
      text: "move",
      deadlineMs: 9000,
    } as const;
    const moving = createMoveSequences(
      { ...descriptor, aside: pair.replaced.name },
      openSwapPorts(place),
    );

    const told = [await moving.run(signal)];
    // As a rollwatch leaves it that is killed meanwhile.
    await query(`alter database ${pair.next.name} allow_connections true`, "postgres");
    told.push(await moving.run(signal));
    const [closed] = await query(
      `select not datallowconn as closed from pg_database where datname = '${pair.next.name}'`,
      "postgres",
    );
    await step(swap).run(signal);

    expect(told).toEqual([
      `moved 1 sequences of ${pair.next.name}`,
      `moved 0 sequences of ${pair.next.name}`,
    ]);
    expect(closed).toEqual({ closed: true });
    const [next] = await query(
      "insert into readings (written) values ('later') returning id::int",
      pair.live,
    );
    expect(next).toEqual({ id: 1021 });
  });

  it("names the sessions that nobody declared, ends none of them, and changes nothing", async () => {
    const { pair, swap } = await aScene();
    await cluster.admin(`grant connect on database ${pair.live} to stranger`);
    const client = new Client({
      connectionString: cluster.url("stranger", "hush", pair.live),
      application_name: "spreadsheet",
    });
    await client.connect();

    const swapping = step(swap, 0).run(signal);

    await expect(swapping).rejects.toThrow(
      "nobody declared in database.rollback.mayEnd use the database: stranger spreadsheet",
    );
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    expect(await openSwapPorts(place).databases.look(pair, signal)).toBe("before");
    await client.end();
  });

  it("declares nobody by an application's address without a user", async () => {
    const { pair } = await aScene();
    const client = new Client({ connectionString: cluster.url("app", "hush", pair.live) });
    await client.connect();
    const nameless = new URL(place.applicationUrl);
    nameless.username = "";
    const { databases } = openSwapPorts({ ...place, applicationUrl: nameless.href });

    const obstacles = await databases.obstacles(pair, null, signal);

    expect(obstacles).toEqual([
      "sessions that nobody declared in database.rollback.mayEnd use the database: app",
    ]);
    await client.end();
  });

  it("refuses a database of another moment than people were asked about", async () => {
    const check = await aCheck(await aScene());

    await expect(check(1)).rejects.toThrow("another moment than the plan");
    await expect(check(2)).resolves.toContain("nothing stands in the way");
  });

  it("counts what waits before anything is stopped, and leaves it closed", async () => {
    const { pair, swap } = await aScene();
    const check = await aCheck({ pair, swap });
    const { name } = pair.next;

    await expect(check(2)).resolves.toContain("1 tables have the rows of the manifest");
    await cluster.admin(`alter database ${name} allow_connections true`);
    await cluster.admin("delete from devices where id = 3", name);
    await cluster.admin(`alter database ${name} allow_connections false`);

    await expect(check(2)).rejects.toThrow("public.devices has 6 rows instead of 7");
    await expect(query("select 1", name)).rejects.toThrow("not currently accepting connections");
  });

  it("stops where somebody else renamed a database", async () => {
    const { pair, swap } = await aScene();
    await cluster.admin(`alter database ${pair.next.name} rename to elsewhere_${count}`);

    const swapping = step(swap).run(signal);

    await expect(swapping).rejects.toMatchObject({ code: "refused" });
  });

  it("is refused by the transaction itself where the names have other OIDs", async () => {
    const { pair, swap } = await aScene();
    const { databases } = openSwapPorts(place);
    const other = { ...pair, next: { ...pair.next, oid: pair.next.oid + 100_000 } };

    const swapping = databases.swap(other, swap.next.properties, signal);

    await expect(swapping).rejects.toThrow("not those of the plan");
    expect(await databases.look(pair, signal)).toBe("before");
  });

  it("waits for a swap that a dead rollwatch left at the server", async () => {
    const { pair, swap } = await aScene();
    const client = new Client({ connectionString: cluster.url("watcher", "hush", "postgres") });
    await client.connect();
    await client.query("begin; select pg_advisory_xact_lock(746391, 1)");
    const { databases } = openSwapPorts(place);

    const first = await databases.swap(pair, swap.next.properties, signal);
    await client.end();
    const second = await databases.swap(pair, swap.next.properties, signal);

    expect([first, second]).toMatchObject([
      { kind: "again", reason: expect.stringContaining("another swap") },
      { kind: "swapped" },
    ]);
  });
});

describe("chaos", () => {
  it(
    `loses no acknowledged write in ${ROUNDS} swaps that are killed at random, with ${CLIENTS} clients writing`,
    { timeout: 60_000 + ROUNDS * 30_000 },
    async () => {
      const { pair, swap } = await aScene();
      const { databases } = openSwapPorts(place);
      const crowd: Crowd = aCrowd(cluster.url("app", "hush", pair.live), CLIENTS);
      const seen = { before: 0, after: 0 };
      let current = swap;

      for (let round = 1; round <= ROUNDS; round += 1) {
        await crowd.written(20);
        const life = startCompiled(
          program,
          [JSON.stringify(place), current.pair.replaced.name],
          labEnvironment(lab.folder),
        );
        await life.ready;
        await sleep(Math.random() * KILL_WITHIN_MS);
        life.send("SIGKILL");
        await life.ended;
        if (round % SERVER_DIES_EVERY === 0) {
          await killServer();
        }
        const standing = await databases.look(current.pair, signal);
        if (standing === "foreign") {
          throw new Error(`round ${round}: neither before nor after`);
        }
        seen[standing] += 1;
        await step(current).run(signal);
        expect(await databases.look(current.pair, signal)).toBe("after");
        if (round < ROUNDS) {
          current = await back(current, `${pair.live}_aside_${round + 1}`);
        }
      }
      const acknowledged = await crowd.end();

      const inLive = await writtenIn(current.pair.live);
      const inKept = await writtenIn(current.pair.replaced.name);
      const there = new Set([...inLive, ...inKept]);
      expect(acknowledged.filter((one) => !there.has(one))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(ROUNDS * 20);
      expect(seen.before + seen.after).toBe(ROUNDS);
      process.stdout.write(
        `${JSON.stringify({ ...seen, acknowledged: acknowledged.length, lost: 0 })}\n`,
      );
    },
  );
});
