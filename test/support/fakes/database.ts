import { Failure } from "../../../src/model/failure.ts";
import type { SchemaCatalogue } from "../../../src/model/schema-catalogue.ts";
import type { DatabaseActivity } from "../../../src/system/postgres-activity.ts";
import type { RowCount } from "../../../src/system/postgres-rows.ts";
import type { DatabaseAnswer } from "../../../src/system/postgres-check.ts";
import { type DatabasePhase, phaseOf } from "../../../src/system/postgres-phase.ts";
import type { Database } from "../../../src/system/postgres.ts";
import { aCatalogue } from "../schema.ts";

type Activity = Extract<DatabaseActivity, { kind: "answers" }>;

type Failed = Extract<DatabaseAnswer, { kind: "fails" }>;

/** An answer of which the rest is as usual: of a failure without a phase the one that its SQLSTATE means, else `refused`. */
export type ToldAnswer =
  | (Partial<Extract<DatabaseAnswer, { kind: "answers" }>> & { readonly kind: "answers" })
  | (Omit<Failed, "phase"> & { readonly phase?: DatabasePhase });

/** A database that answers what it was told to. */
export interface FakeDatabase extends Database {
  /** While it `fails`, it tells neither its revision nor its activity. */
  setAnswer(answer: ToldAnswer): void;
  setRevision(revision: string | null): void;
  /** Its structure; null: it cannot be read. */
  setCatalogue(catalogue: SchemaCatalogue | null): void;
  /** What its sessions do; the rest stays as it was. */
  setActivity(parts: Partial<Activity>): void;
  /** Rows of a table, which is there from now on. */
  setRows(table: string, rows: number): void;
  readonly isClosed: () => boolean;
}

const ANSWERS = {
  kind: "answers",
  tookMs: 1,
  version: "15.18",
  holders: [],
  maxConnections: 97,
} as const;

function usualPhaseOf({ sqlstate, detail, local }: Omit<Failed, "phase">): DatabasePhase {
  const code = sqlstate === null && local === undefined ? "ECONNREFUSED" : undefined;
  return phaseOf({ sqlstate, message: detail, code, local, isConnected: false });
}

/** Makes a database that answers and has no migrations table. */
export function fakeDatabase(): FakeDatabase {
  let answer: DatabaseAnswer = ANSWERS;
  let revision: string | null = null;
  let activity: Activity = {
    kind: "answers",
    connections: 0,
    maxConnections: 97,
    waiting: 0,
    longestTransactionMs: 0,
    visible: 0,
    hidden: 0,
    checksumFailures: null,
  };
  let closed = false;
  let catalogue: SchemaCatalogue | null = aCatalogue();
  const rows = new Map<string, number>();

  return {
    setAnswer(next) {
      answer =
        next.kind === "answers"
          ? { ...ANSWERS, ...next }
          : { ...next, phase: next.phase ?? usualPhaseOf(next) };
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
    setCatalogue(next) {
      catalogue = next;
    },
    async catalogue(signal) {
      signal.throwIfAborted();
      if (answer.kind === "fails" || catalogue === null) {
        const detail = answer.kind === "fails" ? answer.detail : "it cannot be read";
        throw new Failure("database-unreachable", detail, { hint: "start it" });
      }
      return catalogue;
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
