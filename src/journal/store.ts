import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import Database from "libsql";
import { Failure, messageOf } from "../model/failure.ts";
import type { Entry, Fact } from "../model/facts.ts";
import type { Clock } from "../system/clock.ts";
import { giveUpBallast } from "./ballast.ts";
import { chainHash, readEntries } from "./chain.ts";
import { formatOf, migrate, NEWEST_FORMAT } from "./schema.ts";

/** The journal's file: facts, appended and synced, never changed. One process has it open, under the lock. */
export interface JournalStore {
  /** Writes a fact; it is on the disk when this returns. */
  append(fact: Fact): Entry;
  /** All entries, oldest first, read from the file and checked. */
  entries(): readonly Entry[];
  close(): void;
}

const INSERT = "insert into entries (seq, at, kind, body, hash) values (?, ?, ?, ?, ?)";

/**
 * Opens the journal, making it when it does not exist. A file that is newer or damaged is left byte for byte as it was:
 * it is looked at through a read-only connection before anything may write to it.
 */
export function openStore(path: string, clock: Clock): JournalStore {
  if (existsSync(path)) {
    inspect(path);
  } else {
    createEmpty(path);
  }
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  migrate(db);
  return createStore(path, db, clock);
}

function createStore(path: string, db: Database.Database, clock: Clock): JournalStore {
  const insert = db.prepare(INSERT);
  let last = readEntries(db).head;
  let isOpen = true;

  /** On a full disk once more, with what the ballast took up. */
  function write(run: () => unknown): void {
    try {
      run();
    } catch (error) {
      if (!isFull(error) || !giveUpBallast(dirname(path))) {
        throw error;
      }
      run();
    }
  }

  function append(fact: Fact): Entry {
    if (!isOpen) {
      // libsql would still write: its statements outlive the connection.
      throw new Failure("internal", `the journal ${path} is closed`, { hint: "Report this." });
    }
    const entry = { seq: last.seq + 1, at: Math.round(clock.now()), fact };
    const body = JSON.stringify(fact);
    const hash = chainHash(last.hash, entry, body);
    try {
      write(() => insert.run(entry.seq, entry.at, fact.kind, body, hash));
    } catch (error) {
      throw new Failure("internal", `cannot write to the journal ${path}: ${messageOf(error)}`, {
        hint: "Make room on the file system of the state folder and look at its disk; nothing is done that is not in the journal first.",
        cause: error,
      });
    }
    last = { seq: entry.seq, hash };
    return entry;
  }

  function close(): void {
    isOpen = false;
    db.close();
  }

  return { append, entries: () => readEntries(db).entries, close };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "SQLITE_FULL";
}

/** 0600 before SQLite writes the first byte; its side files take the mode over. */
function createEmpty(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "ax", 0o600));
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/** All entries of a journal that another process may be writing; none when there is no journal. Nothing is written. */
export function readEntriesAt(path: string): readonly Entry[] {
  return existsSync(path) ? inspect(path) : [];
}

/** Reads the whole journal once; throws when it is of a newer format or damaged. */
function inspect(path: string): readonly Entry[] {
  const db = openReadOnly(path);
  try {
    const format = intact(path, () => formatOf(db));
    if (format > NEWEST_FORMAT) {
      throw new Failure(
        "journal-newer",
        `the journal ${path} has format ${format}, this rollwatch knows formats up to ${NEWEST_FORMAT}`,
        { hint: "Start the newer rollwatch that wrote it. The file was left as it is." },
      );
    }
    return intact(path, () => {
      quickCheck(db);
      return format > 0 ? readEntries(db).entries : [];
    });
  } finally {
    db.close();
  }
}

/** libsql does not heed its `readonly` option; SQLite itself heeds the mode in the address. */
function openReadOnly(path: string): Database.Database {
  return intact(path, () => new Database(`${pathToFileURL(path).href}?mode=ro`));
}

function quickCheck(db: Database.Database): void {
  const found = JSON.stringify(db.prepare("pragma quick_check(3)").raw().all());
  if (found !== '[["ok"]]') {
    throw new Error(`SQLite's quick_check says ${found.slice(0, 300)}`);
  }
}

function intact<T>(path: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw new Failure("journal-corrupt", `the journal ${path} is damaged: ${messageOf(error)}`, {
      hint: `Nothing was changed. Keep a copy of ${path} and of the files beside it, then put back a good copy; or move them away, and rollwatch begins anew without knowing what it did before (proofs, cool-downs, open incidents).`,
      cause: error,
    });
  }
}
