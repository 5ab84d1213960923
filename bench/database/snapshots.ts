import { loadavg } from "node:os";
import { z } from "zod";
import { makeDump, makeWarm } from "./by-rollwatch.ts";
import type { Clients } from "./clients.ts";
import type { Percentiles, SnapshotCost } from "./figures.ts";
import { type Place, query } from "./place.ts";

/** One database and those who use it. */
export interface Scene {
  readonly place: Place;
  readonly clients: Clients;
}

const Bytes = z.object({ bytes: z.coerce.number() });

/** While the clients go on. */
export async function takeOnline({ place, clients }: Scene): Promise<SnapshotCost> {
  return costOf(clients, async () => bytesOf(place, (await makeWarm(place, "online")).name));
}

/** While nobody is connected: the deployment stops the services anyway. */
export async function takeClone({ place, clients }: Scene): Promise<SnapshotCost> {
  return standingStill(clients, async () => {
    const cost = await costOf(clients, async () =>
      bytesOf(place, (await makeWarm(place, "clone")).name),
    );
    return { ...cost, write: null };
  });
}

/** The file that the fallback restores; while the clients go on. */
export async function takeDump({ place, clients }: Scene): Promise<SnapshotCost> {
  return costOf(clients, async () => (await makeDump(place)).bytes);
}

/** The clients are told to stop, as services are; the runbook says so, too. */
export async function standingStill<T>(clients: Clients, work: () => Promise<T>): Promise<T> {
  await clients.pause();
  try {
    return await work();
  } finally {
    clients.resume();
  }
}

/** How long the clients' writes take meanwhile. */
export async function writesWhile(
  clients: Clients,
  work: () => Promise<unknown>,
): Promise<Percentiles> {
  clients.begin();
  await work();
  return percentilesOf(clients.seen().writeMs);
}

/** The machine's load average over the last minute. */
export function loadOfMachine(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

async function bytesOf({ cluster }: Place, name: string): Promise<number> {
  const url = cluster.url("dba", "hush", "postgres");
  const [row] = await query(url, `select pg_database_size('${name}') as bytes`);
  return Bytes.parse(row).bytes;
}

async function costOf(clients: Clients, work: () => Promise<number>): Promise<SnapshotCost> {
  clients.begin();
  const begun = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - begun) / 1000;
  const { failed, writeMs } = clients.seen();
  return { seconds, bytes, failed, write: percentilesOf(writeMs), load: loadOfMachine() };
}

function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}
