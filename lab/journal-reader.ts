import { readdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import Database from "libsql";
import { readEntries } from "../src/journal/chain.ts";
import type { Entry } from "../src/model/facts.ts";

/** Reads a running daemon's journal without ever writing to it. */
export interface JournalReader {
  /** All entries so far, oldest first. */
  entries(): readonly Entry[];
  close(): void;
}

/** Opens the journal of a state folder; undefined while the daemon has not made it. */
export async function openJournalReader(state: string): Promise<JournalReader | undefined> {
  const names = await readdir(state).catch(() => []);
  const file = names.find((name) => /^journal\.[a-z0-9]+$/u.test(name));
  if (file === undefined) {
    return undefined;
  }
  // libsql does not heed its `readonly` option; SQLite itself heeds the mode in the address.
  const db = new Database(`${pathToFileURL(path.join(state, file)).href}?mode=ro`);
  return { entries: () => readEntries(db).entries, close: () => db.close() };
}
