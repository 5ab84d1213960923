import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import { Failure, messageOf } from "../model/failure.ts";

/** The right to act on this host. The kernel takes it back when the process dies, however it dies. */
export interface Lock {
  release(): void;
}

/** Takes the lock at `path`, an empty SQLite file held by an open exclusive transaction; throws `lock-held` when another process has it. `who` is told to those who are refused. */
export function holdLock(path: string, who = "rollwatch"): Lock {
  const holder = `${path}.holder`;
  const db = beginExclusive(path, holder);
  noteHolder(holder, who);
  return {
    release: () => {
      db.exec("rollback");
      db.close();
    },
  };
}

/** For people only: when it cannot be written (a full disk), the lock is held all the same. */
function noteHolder(holder: string, who: string): void {
  try {
    // Beside the lock, never in it: closing any descriptor of the lock's file would let the lock go.
    writeFileSync(holder, `${who}, pid ${process.pid}\n`, { mode: 0o600 });
  } catch {
    // A refusal then tells an older holder, or none.
  }
}

function beginExclusive(path: string, holder: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    create(path);
    db = new Database(path, { timeout: 0 });
    db.exec("begin exclusive");
    return db;
  } catch (error) {
    db?.close();
    throw refusal(path, holder, error);
  }
}

/** Never opens a file that exists: closing it again would let go of a lock that this process has on it. */
function create(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    closeSync(openSync(path, "ax", 0o600));
  }
}

function refusal(path: string, holder: string, error: unknown): Failure {
  if (!(error instanceof Database.SqliteError && error.code === "SQLITE_BUSY")) {
    return new Failure("internal", `cannot take the lock ${path}: ${messageOf(error)}`, {
      hint: "Look at the state folder: it must be writable, and its file system must know locks.",
      cause: error,
    });
  }
  return new Failure("lock-held", `somebody else is at work (${tellHolder(holder)})`, {
    hint: `Wait for its end, use the running rollwatch, or stop it first. The lock is ${path}; it needs no cleaning up, the kernel frees it when its holder ends.`,
    cause: error,
  });
}

/** Who had the lock at `path` last, and since when, in a few words; for people only. */
export function lastHolder(path: string): string {
  return tellHolder(`${path}.holder`);
}

/** It may be older than the lock. */
function tellHolder(holder: string): string {
  try {
    const since = statSync(holder).mtime.toISOString();
    return `${readFileSync(holder, "utf8").trim().slice(0, 140)}, since ${since}`;
  } catch {
    return "nothing is known of it";
  }
}
