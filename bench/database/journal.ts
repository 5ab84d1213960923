import { Client } from "pg";
import type { Lab } from "../../lab/lab.ts";
import { openClock } from "../../src/system/clock.ts";
import { installJournal, removeJournal } from "../../src/system/postgres-journal.ts";
import type { JournalRound } from "./figures.ts";
import { DATABASE, openPlace, type Place, query } from "./place.ts";

const { signal } = new AbortController();
const BYTES = 50_000_000;
const INSERTS = 2000;
const ROWS = 100_000;
/** Each row is a transaction of its own, as services write. */
const INSERT = "insert into readings (device, dose, note) values (1, 0.1, 'journal')";
/** One statement, as a migration writes. */
const UPDATE = `update readings set dose = dose + 1 where id <= ${ROWS}`;

/** The same work without the journal's triggers and with them, in turn. */
export async function measureJournal(
  lab: Lab,
  rounds: number,
  tell: (line: string) => void,
): Promise<readonly JournalRound[]> {
  const place = await openPlace(lab, BYTES);
  const all: JournalRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const without = await work(place);
    const journaled = { url: place.rollbackUrl, database: DATABASE, clock: openClock() };
    await installJournal(journaled, signal);
    const watched = await work(place);
    await removeJournal(journaled, signal);
    all.push({
      inserts: { without: without.inserts, with: watched.inserts },
      update: { without: without.update, with: watched.update },
    });
    tell(`journal ${round} of ${rounds}: ${JSON.stringify(all.at(-1))}`);
  }
  return all;
}

async function work({
  cluster,
  url,
}: Place): Promise<{ readonly inserts: number; readonly update: number }> {
  await cluster.admin("vacuum analyze readings", DATABASE);
  await cluster.admin("checkpoint");
  const inserts = await timed(async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    for (let row = 0; row < INSERTS; row += 1) {
      await client.query(INSERT);
    }
    await client.end();
  });
  const update = await timed(async () => query(url, UPDATE));
  return { inserts, update };
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await task();
  return (performance.now() - begun) / 1000;
}
