import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Lab, openLab } from "../../lab/lab.ts";
import { makeDump, makeWarm, prepareSwap, restoreBeside } from "./by-rollwatch.ts";
import { dumpByRunbook, restoreByRunbook } from "./by-runbook.ts";
import { type Clients, startClients } from "./clients.ts";
import type { DatabaseFigures, Recovery, SizeFigures, SnapshotCost } from "./figures.ts";
import { measureJournal } from "./journal.ts";
import { DATABASE, inDatabase, openPlace, type Place, query } from "./place.ts";

/** How large a database must be at least. */
export interface WantedSize {
  /** Such as `200MB`. */
  readonly name: string;
  readonly bytes: number;
}

/** What a person wants measured. */
export interface DatabaseWish {
  readonly sizes: readonly WantedSize[];
  readonly rounds: number;
  /** Rounds of what takes as long as the data is large. */
  readonly slowRounds: number;
}

interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

const QUIET_MS = 8000;
/** Clients go on this long after the end, so that a relapse would show. */
const AFTERWARDS_MS = 1000;
const SETTLE_MS = 2000;

/** Measures each size in a cluster of its own. */
export async function measureDatabase(wish: DatabaseWish, how: How): Promise<DatabaseFigures> {
  const sizes: SizeFigures[] = [];
  for (const size of wish.sizes) {
    sizes.push(await inLab(how, async (lab) => measureSize(lab, size, wish, how.tell)));
  }
  const journal = await inLab(how, async (lab) => measureJournal(lab, wish.rounds, how.tell));
  return { sizes, journal };
}

async function inLab<T>({ opened }: How, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLab();
  opened(lab);
  try {
    return await work(lab);
  } finally {
    await lab.end();
  }
}

/** One database and those who use it. */
interface Scene {
  readonly place: Place;
  readonly clients: Clients;
  /** Writes that an earlier round lost. */
  readonly gone: Set<string>;
}

async function measureSize(
  lab: Lab,
  { name, bytes: wanted }: WantedSize,
  { rounds, slowRounds }: DatabaseWish,
  tell: How["tell"],
): Promise<SizeFigures> {
  const place = await openPlace(lab, wanted);
  tell(`${name}: ${(place.bytes / 1e6).toFixed(0)} MB are there`);
  const clients = startClients(place.url, place.known);
  lab.onEnd("clients", async () => clients.end());
  const scene = { place, clients, gone: new Set<string>() };
  await sleep(SETTLE_MS);
  clients.begin();
  await sleep(QUIET_MS);
  const quiet = percentilesOf(clients.seen().writeMs);

  async function times<T>(count: number, what: string, work: () => Promise<T>): Promise<T[]> {
    const all: T[] = [];
    for (let round = 1; round <= count; round += 1) {
      const one = await work();
      tell(`${name}: ${what} ${round} of ${count}: ${JSON.stringify(one)}`);
      all.push(one);
    }
    return all;
  }
  const online = await times(slowRounds, "online", async () => takeOnline(scene));
  const warm = await times(rounds, "warm swap", warmSwaps(scene));
  const dump = await times(slowRounds, "dump", async () => takeDump(scene));
  const fallback = await times(slowRounds, "fallback", async () => fallBack(scene));
  const clone = await times(slowRounds, "clone", async () => takeClone(scene));
  const runbook = await times(slowRounds, "runbook", async () => byRunbook(scene));
  const { bytes } = place;
  await clients.end();
  return { name, bytes, quiet, online, clone, dump, warm, fallback, runbook };
}

async function takeOnline({ place, clients }: Scene): Promise<SnapshotCost> {
  return costOf(clients, async () => {
    const { name } = await makeWarm(place, "online");
    return bytesOf(place, name);
  });
}

/** While nobody is connected: the deployment stops the services anyway. */
async function takeClone({ place, clients }: Scene): Promise<SnapshotCost> {
  await clients.pause();
  const cost = await costOf(clients, async () => {
    const { name } = await makeWarm(place, "clone");
    return bytesOf(place, name);
  });
  clients.resume();
  return { ...cost, write: null };
}

async function takeDump({ place, clients }: Scene): Promise<SnapshotCost> {
  return costOf(clients, async () => (await makeDump(place)).bytes);
}

async function bytesOf({ cluster }: Place, name: string): Promise<number> {
  const Bytes = z.object({ bytes: z.coerce.number() });
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

/** There and back again: the way back is the same swap. The first goes to the warm database, which is counted before. */
function warmSwaps(scene: Scene): () => Promise<Recovery> {
  const { place, clients } = scene;
  let aside: string | undefined;
  return async () => {
    const source =
      aside === undefined
        ? ({ kind: "release" } as const)
        : { kind: "aside" as const, name: aside };
    return recover(scene, async () => {
      const swap = await prepareSwap(place, source);
      aside = swap.aside;
      await standingStill(clients, swap.act);
      return aside;
    });
  };
}

async function fallBack(scene: Scene): Promise<Recovery> {
  const { place, clients } = scene;
  const dump = await place.ports.catalogue.readDatabase("rel-bench");
  if (dump?.kind !== "dump") {
    throw new Error("there is no dump");
  }
  return recover(scene, async () => {
    await restoreBeside(place, dump);
    const swap = await prepareSwap(place, { kind: "release" });
    await standingStill(clients, swap.act);
    return swap.aside;
  });
}

/** The clients are told to stop, as services are; the runbook says so, too. */
async function standingStill(clients: Clients, work: () => Promise<void>): Promise<void> {
  await clients.pause();
  try {
    await work();
  } finally {
    clients.resume();
  }
}

async function byRunbook(scene: Scene): Promise<Recovery> {
  const { place, clients } = scene;
  await dumpByRunbook(place);
  await sleep(SETTLE_MS);
  return recover(scene, async () => {
    await standingStill(clients, async () => restoreByRunbook(place));
    return undefined;
  });
}

async function recover(
  { place, clients, gone }: Scene,
  work: () => Promise<string | undefined>,
): Promise<Recovery> {
  await sleep(SETTLE_MS);
  clients.begin();
  const begun = performance.now();
  const aside = await work();
  const verified = (performance.now() - begun) / 1000;
  await sleep(AFTERWARDS_MS);
  const { gapMs, failed } = clients.seen();
  const { lost, offered } = await searchFor({ place, gone }, clients.written(), aside);
  return { gap: gapMs / 1000, verified, failed, lost, offered, load: loadOfMachine() };
}

/** Where the acknowledged writes are. Those that an earlier round lost are not counted again. */
async function searchFor(
  { place, gone }: Pick<Scene, "place" | "gone">,
  written: readonly string[],
  aside: string | undefined,
): Promise<Pick<Recovery, "lost" | "offered">> {
  const live = await keysIn(place, DATABASE);
  const kept = aside === undefined ? new Set<string>() : await keysIn(place, aside);
  const elsewhere = await keysInAll(place);
  const missing = written.filter((key) => !live.has(key));
  const lost = missing.filter((key) => !elsewhere.has(key) && !gone.has(key));
  for (const key of lost) {
    gone.add(key);
  }
  return { lost: lost.length, offered: missing.filter((key) => kept.has(key)).length };
}

/** In every database that a swap has kept. */
async function keysInAll(place: Place): Promise<ReadonlySet<string>> {
  const Name = z.object({ name: z.string() });
  const url = inDatabase(place.rollbackUrl, "postgres");
  const rows = await query(
    url,
    "select datname as name from pg_database where datname like '%_aside_%'",
  );
  const all = await Promise.all(rows.map(async (row) => keysIn(place, Name.parse(row).name)));
  return new Set(all.flatMap((keys) => [...keys]));
}

async function keysIn(place: Place, database: string): Promise<ReadonlySet<string>> {
  const Key = z.object({ note: z.string() });
  const url = inDatabase(place.rollbackUrl, database);
  const rows = await query(
    url,
    `select note from readings where id > ${place.known.lastReading} and note like 'client %'`,
  );
  return new Set(rows.map((row) => Key.parse(row).note));
}

function percentilesOf(values: readonly number[]): {
  readonly median: number;
  readonly p99: number;
} {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function loadOfMachine(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
