import { Failure } from "../../../src/model/failure.ts";
import type { Database, DatabaseAnswer } from "../../../src/system/postgres.ts";

/** A database that answers what it was told to. */
export interface FakeDatabase extends Database {
  /** While it `fails`, it has no revision to tell either. */
  setAnswer(answer: DatabaseAnswer): void;
  setRevision(revision: string | null): void;
  readonly isClosed: () => boolean;
}

/** Makes a database that answers and has no migrations table. */
export function fakeDatabase(): FakeDatabase {
  let answer: DatabaseAnswer = { kind: "answers", tookMs: 1, version: "15.18" };
  let revision: string | null = null;
  let closed = false;

  return {
    setAnswer(next) {
      answer = next;
    },
    setRevision(next) {
      revision = next;
    },
    isClosed: () => closed,
    async check(signal) {
      signal.throwIfAborted();
      return answer;
    },
    async schemaRevision(signal) {
      signal.throwIfAborted();
      if (answer.kind === "fails") {
        throw new Failure("database-unreachable", answer.detail, { hint: "start it" });
      }
      return revision;
    },
    async close() {
      closed = true;
    },
  };
}
