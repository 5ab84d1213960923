import { setTimeout as sleep } from "node:timers/promises";
import { type Lab, openLab } from "../../lab/lab.ts";
import { startClients } from "./clients.ts";
import type { DatabaseFigures, Percentiles, SizeFigures } from "./figures.ts";
import { measureJournal } from "./journal.ts";
import { openPlace } from "./place.ts";
import { backByFallback, backByRunbook, backBySwap } from "./recoveries.ts";
import { type Scene, takeClone, takeDump, takeOnline, writesWhile } from "./snapshots.ts";

/** How large a database must be at least. */
export interface WantedSize {
  /** Such as `200MB`. */
  readonly name: string;
  readonly bytes: number;
  /** Rounds of what takes as long as the data is large; 0 leaves it out. */
  readonly slowRounds: number;
}

/** What a person wants measured. */
export interface DatabaseWish {
  readonly sizes: readonly WantedSize[];
  readonly rounds: number;
}

interface How {
  readonly tell: (line: string) => void;
  readonly opened: (lab: Lab) => void;
}

const QUIET_MS = 5000;
const SETTLE_MS = 2000;

/** Measures each size in a cluster of its own. */
export async function measureDatabase(wish: DatabaseWish, how: How): Promise<DatabaseFigures> {
  const sizes: SizeFigures[] = [];
  for (const size of wish.sizes) {
    sizes.push(await inLab(how, async (lab) => measureSize(lab, size, wish.rounds, how.tell)));
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

async function measureSize(
  lab: Lab,
  { name, bytes: wanted, slowRounds }: WantedSize,
  rounds: number,
  tell: How["tell"],
): Promise<SizeFigures> {
  const place = await openPlace(lab, wanted);
  const { bytes } = place;
  tell(`${name}: ${(bytes / 1e6).toFixed(0)} MB are there`);
  const clients = startClients(place.url, place.known);
  lab.onEnd("clients", async () => clients.end());
  const scene: Scene = { place, clients };
  await sleep(SETTLE_MS);

  async function times<T>(count: number, what: string, work: () => Promise<T>): Promise<T[]> {
    const all: T[] = [];
    for (let round = 1; round <= count; round += 1) {
      const one = await work();
      tell(`${name}: ${what} ${round} of ${count}: ${JSON.stringify(one)}`);
      all.push(one);
    }
    return all;
  }
  const swaps = await times(rounds, "clone and warm swap", async () => ({
    clone: await takeClone(scene),
    warm: await backBySwap(scene),
  }));
  const quiet: Percentiles[] = [];
  const online = await times(slowRounds, "online", async () => {
    quiet.push(await writesWhile(clients, async () => sleep(QUIET_MS)));
    return takeOnline(scene);
  });
  const dump = await times(slowRounds, "dump", async () => takeDump(scene));
  const fallback = await times(slowRounds, "fallback", async () => backByFallback(scene));
  const runbook = await times(slowRounds, "runbook", async () => backByRunbook(scene));
  await clients.end();
  const clone = swaps.map((one) => one.clone);
  const warm = swaps.map((one) => one.warm);
  return { name, bytes, quiet, online, clone, dump, warm, fallback, runbook };
}
