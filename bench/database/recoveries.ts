import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { prepareSwap, readDump, restoreBeside } from "./by-rollwatch.ts";
import { dumpByRunbook, restoreByRunbook } from "./by-runbook.ts";
import type { Recovery } from "./figures.ts";
import { DATABASE, inDatabase, type Place, query } from "./place.ts";
import { loadOfMachine, type Scene, standingStill } from "./snapshots.ts";

/** Clients write this long between the snapshot and the way back. */
const WRITING_MS = 2000;
/** Clients go on this long after the end, so that a relapse would show. */
const AFTERWARDS_MS = 1000;

const Key = z.object({ note: z.string() });

/** To the database that waits. */
export async function backBySwap(scene: Scene): Promise<Recovery> {
  return recover(scene, async () => swap(scene));
}

/** Where none waits: to the dump, restored beside while the clients go on. */
export async function backByFallback(scene: Scene): Promise<Recovery> {
  const dump = await readDump(scene.place);
  return recover(scene, async () => {
    await restoreBeside(scene.place, dump);
    return swap(scene);
  });
}

/** To a plain dump of a moment ago, which is not measured. */
export async function backByRunbook(scene: Scene): Promise<Recovery> {
  const { place, clients } = scene;
  await dumpByRunbook(place);
  return recover(scene, async () => {
    await standingStill(clients, async () => restoreByRunbook(place));
    return undefined;
  });
}

/** Returns the name that the replaced database is kept under. */
async function swap({ place, clients }: Scene): Promise<string> {
  const { aside, act } = await prepareSwap(place);
  await standingStill(clients, act);
  return aside;
}

/** What a swap keeps is dropped in the end, for the disk's sake. */
async function recover(
  { place, clients }: Scene,
  work: () => Promise<string | undefined>,
): Promise<Recovery> {
  const before = clients.written().length;
  const there = await keysIn(place, DATABASE);
  await sleep(WRITING_MS);
  clients.begin();
  const begun = performance.now();
  const aside = await work();
  const verified = (performance.now() - begun) / 1000;
  await sleep(AFTERWARDS_MS);
  const { gapMs, failed } = clients.seen();
  // What earlier rounds lost is in neither.
  const written = new Set([...there, ...clients.written().slice(before)]);
  const whereabouts = await searchFor(place, written, aside);
  if (aside !== undefined) {
    await place.cluster.admin(`drop database ${aside} with (force)`);
  }
  return { gap: gapMs / 1000, verified, failed, ...whereabouts, load: loadOfMachine() };
}

/** Where the acknowledged writes are. */
async function searchFor(
  place: Place,
  written: ReadonlySet<string>,
  aside: string | undefined,
): Promise<Pick<Recovery, "lost" | "offered">> {
  const live = await keysIn(place, DATABASE);
  const kept = aside === undefined ? new Set<string>() : await keysIn(place, aside);
  const missing = [...written].filter((key) => !live.has(key));
  const offered = missing.filter((key) => kept.has(key)).length;
  return { lost: missing.length - offered, offered };
}

async function keysIn(place: Place, database: string): Promise<ReadonlySet<string>> {
  const url = inDatabase(place.rollbackUrl, database);
  const rows = await query(
    url,
    `select note from readings where id > ${place.known.lastReading} and note like 'client %'`,
  );
  return new Set(rows.map((row) => Key.parse(row).note));
}
