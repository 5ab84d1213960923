import { Failure } from "../../../src/model/failure.ts";
import type { DatabaseActivity } from "../../../src/system/postgres-activity.ts";
import type { RowCount } from "../../../src/system/postgres-rows.ts";
import type { Database, DatabaseAnswer } from "../../../src/system/postgres.ts";

type Activity = Extract<DatabaseActivity, { kind: "answers" }>;

/** A database that answers what it was told to. */
export interface FakeDatabase extends Database {
  /** While it `fails`, it tells neither its revision nor its activity. */
  setAnswer(answer: DatabaseAnswer): void;
  setRevision(revision: string | null): void;
  /** What its sessions do; the rest stays as it was. */
  setActivity(parts: Partial<Activity>): void;
  /** Rows of a table, which is there from now on. */
  setRows(table: string, rows: number): void;
  readonly isClosed: () => boolean;
}

/** Makes a database that answers and has no migrations table. */
export function fakeDatabase(): FakeDatabase {
  let answer: DatabaseAnswer = { kind: "answers", tookMs: 1, version: "15.18" };
  let revision: string | null = null;
  let activity: Activity = {
    kind: "answers",
    connections: 0,
    maxConnections: 97,
    waiting: 0,
    longestTransactionMs: 0,
    visible: 0,
    hidden: 0,
  };
  let closed = false;
  const rows = new Map<string, number>();

  return {
    setAnswer(next) {
      answer = next;
    },
    setRevision(next) {
      revision = next;
    },
    setActivity(parts) {
      activity = { ...activity, ...parts };
    },
    async activity(signal) {
      signal.throwIfAborted();
      return answer.kind === "fails" ? answer : activity;
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
    setRows(table, count) {
      rows.set(table, count);
    },
    async rowCounts(tables, signal) {
      signal.throwIfAborted();
      if (answer.kind === "fails") {
        throw new Failure("database-unreachable", answer.detail, { hint: "start it" });
      }
      return tables.map((table): RowCount => {
        const count = rows.get(table);
        return count === undefined
          ? { table, kind: "unknown", reason: "there is no such table" }
          : { table, kind: "known", rows: count, isExact: true };
      });
    },
    async close() {
      closed = true;
    },
  };
}
