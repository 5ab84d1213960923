import { loadavg } from "node:os";
import { mkdtemp, rm } from "node:fs/promises";
import { startServer, type Server } from "./server.ts";
import { type Stretch, stretchOf } from "./stretch.ts";

const SECONDS = 4;
const WARM_UP_SECONDS = 2;

/** One round: the same load on both, the order turned with each round. */
interface Round {
  readonly without: Stretch;
  readonly with: Stretch;
}

/** What the preload costs a server that does little else. */
export interface InstrumentResult {
  readonly rounds: readonly Round[];
  /** The machine's load average over the last minute, at the end. */
  readonly load: number;
}

/** Loads two servers in turn, one with the preload and one without. */
export async function measureInstrument(
  rounds: number,
  { tell }: { readonly tell: (line: string) => void },
): Promise<InstrumentResult> {
  const folder = await mkdtemp("/tmp/rw-");
  const [bare, watched] = await Promise.all([startServer(undefined), startServer(folder)]);
  try {
    await Promise.all([bare, watched].map(async (one) => stretchOf(one, WARM_UP_SECONDS)));
    const results: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      results.push(await roundOf({ bare, watched }, round % 2 === 0));
      tell(`round ${round + 1} of ${rounds}`);
    }
    return { rounds: results, load: loadavg()[0] ?? Number.NaN };
  } finally {
    await Promise.all([bare.close(), watched.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function roundOf(
  { bare, watched }: { readonly bare: Server; readonly watched: Server },
  isBareFirst: boolean,
): Promise<Round> {
  if (isBareFirst) {
    const without = await stretchOf(bare, SECONDS);
    return { without, with: await stretchOf(watched, SECONDS) };
  }
  const measured = await stretchOf(watched, SECONDS);
  return { without: await stretchOf(bare, SECONDS), with: measured };
}
