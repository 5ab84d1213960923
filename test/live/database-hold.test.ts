import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import { type DatabaseHold, openDatabaseHold } from "../../src/system/postgres-hold.ts";

const { signal } = new AbortController();

let lab: Lab;
let cluster: Cluster;

beforeAll(async () => {
  lab = await openLab();
  cluster = await startCluster(lab);
  await cluster.admin("create role watcher login password 'hush'");
  await cluster.admin("create database radiation");
});

afterAll(async () => {
  await lab.end();
});

function aHold(): DatabaseHold {
  return openDatabaseHold(cluster.url("watcher", "hush", "radiation"), openClock());
}

/** Ends the sessions that hold the lock, as a server does that dies. */
async function endHolders(): Promise<number> {
  const client = new Client({ connectionString: cluster.url("watcher", "hush", "postgres") });
  await client.connect();
  const { rowCount } = await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rollwatch recovery'",
  );
  await client.end();
  return rowCount ?? 0;
}

describe("the lock of a whole recovery", () => {
  it("is one rollwatch's alone, names who has it, and is free once that is done", async () => {
    const [first, second] = [aHold(), aHold()];
    await first.ensure(signal);
    await first.ensure(signal);

    const refused = await second.ensure(signal).then(
      () => "held",
      (error: unknown) => String(error),
    );
    await first.release();
    await second.ensure(signal);
    await second.release();

    expect(refused).toContain("watcher rollwatch recovery pid");
    expect(refused).toContain("from 127.0.0.1 since 20");
  });

  it("is asked for anew where its session was lost, and not given while another has it", async () => {
    const [first, second] = [aHold(), aHold()];
    await first.ensure(signal);
    expect(await endHolders()).toBe(1);

    await second.ensure(signal);

    await expect(first.ensure(signal)).rejects.toThrow("another rollwatch");
    await second.release();
    await first.ensure(signal);
    await first.release();
    expect(await endHolders()).toBe(0);
  });
});
