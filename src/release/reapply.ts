import { join } from "node:path";
import type { Client } from "pg";
import type { Reapplied } from "../model/database-delta.ts";
import { Failure } from "../model/failure.ts";
import type { Files } from "../system/files.ts";
import {
  comparisonOf,
  compareTable,
  type Difference,
  type TablePair,
} from "../system/postgres-delta.ts";
import { fetchRows } from "../system/postgres-fetch.ts";
import { insertRows, moveSequences } from "../system/postgres-insert.ts";
import { type DatabasePlace, inPlainSession, inReading } from "../system/postgres-reading.ts";
import { orderByReferences } from "../system/postgres-references.ts";
import { readTables, type TableShape } from "../system/postgres-tables.ts";
import { DELTA_MANIFEST } from "./delta.ts";
import { openQuarantine, type Quarantine } from "./quarantine.ts";

const STATEMENT_MS = 1_800_000;

/** Which rows to bring back. */
export interface ReapplyOrder {
  readonly kept: DatabasePlace;
  readonly live: DatabasePlace;
  /** `schema.name`. */
  readonly tables: readonly string[];
  /** Those of them that only ever get new rows: of the others nothing is brought back, it is only written down. */
  readonly appendOnly: readonly string[];
  /** Whether all of it is tried, and taken back again. */
  readonly isDryRun: boolean;
  /** The folder of the report, which must not exist, and how long it is kept, ms. */
  readonly folder: string;
  readonly keepMs: number;
}

/** One moment of each database, and the session that writes into the live one. */
interface Sessions {
  readonly kept: Client;
  readonly live: Client;
  readonly writing: Client;
}

/**
 * Brings the rows that only the kept database has back into the live one, for tables that only ever get new rows. Each
 * batch is a transaction; what was brought back before is no difference any more, so that it can be run again at any time.
 */
export async function reapplyRows(
  files: Files,
  order: ReapplyOrder,
  signal: AbortSignal,
): Promise<Reapplied> {
  const { kept, live, isDryRun, folder, keepMs } = order;
  const { clock } = kept;
  const at = clock.now();
  const quarantine = await openQuarantine(files, folder);
  try {
    await inSessions(
      order,
      async (sessions) => reapplyAll(sessions, order, quarantine, signal),
      signal,
    );
  } finally {
    await quarantine.close();
  }
  const reapplied: Reapplied = {
    at,
    kept: kept.database,
    live: live.database,
    seconds: (clock.now() - at) / 1000,
    isDryRun,
    tables: [...quarantine.tables()],
    folder,
    expiresAt: at + keepMs,
  };
  const text = `${JSON.stringify(reapplied, null, 2)}\n`;
  await files.writeAtomic(join(folder, DELTA_MANIFEST), text, 0o600);
  return reapplied;
}

async function inSessions(
  { kept, live }: ReapplyOrder,
  use: (sessions: Sessions) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await inReading(
    kept,
    STATEMENT_MS,
    async (one) =>
      inReading(
        live,
        STATEMENT_MS,
        async (other) =>
          inPlainSession(
            live,
            STATEMENT_MS,
            async (writing) => use({ kept: one, live: other, writing }),
            signal,
          ),
        signal,
      ),
    signal,
  );
}

async function reapplyAll(
  sessions: Sessions,
  order: ReapplyOrder,
  quarantine: Quarantine,
  signal: AbortSignal,
): Promise<void> {
  const { writing } = sessions;
  const { isDryRun } = order;
  // In a dry run, too, rows must find parents that came before them: all of it is one transaction, taken back at the end.
  await (isDryRun ? writing.query("begin") : undefined);
  const [ours, theirs] = [await readTables(sessions.kept), await readTables(sessions.live)];
  for (const table of await orderByReferences(writing, order.tables)) {
    signal.throwIfAborted();
    const pair = pairOf(sessions, table, { kept: ours.get(table), live: theirs.get(table) });
    const isAppendOnly = order.appendOnly.includes(table);
    if (isAppendOnly && !isDryRun) {
      await moveSequences(sessions.kept, writing, pair.live.shape);
    }
    const work = { pair, writing, isAppendOnly, isDryRun, quarantine };
    await compareTable(pair, async (batch) => reapplyBatch(work, batch), signal);
  }
  await (isDryRun ? writing.query("rollback") : undefined);
}

function pairOf(
  sessions: Sessions,
  table: string,
  { kept, live }: { readonly kept: TableShape | undefined; readonly live: TableShape | undefined },
): TablePair {
  if (kept === undefined || live === undefined) {
    throw new Failure("refused", `not both databases have the table ${table}`, {
      hint: "Name it as schema.name; `rollwatch database delta` lists the tables.",
    });
  }
  return {
    table,
    kept: { client: sessions.kept, shape: kept },
    live: { client: sessions.live, shape: live },
    newer: "false",
  };
}

interface Work {
  readonly pair: TablePair;
  readonly writing: Client;
  readonly isAppendOnly: boolean;
  readonly isDryRun: boolean;
  readonly quarantine: Quarantine;
}

async function reapplyBatch(work: Work, batch: readonly Difference[]): Promise<void> {
  const { pair, quarantine, isAppendOnly } = work;
  const { table, kept } = pair;
  for (const { kind, row } of batch.filter((one) => one.kind !== "inserted")) {
    await quarantine.refuse(table, JSON.stringify(row), TELL[kind]);
  }
  const inserted = batch.filter(({ kind }) => kind === "inserted");
  const how = comparisonOf(pair);
  const names = inserted.map(({ row }) => row);
  const found = await fetchRows(kept.client, kept.shape, how, names);
  const rows = inserted.flatMap(({ row, copies }) =>
    Array.from({ length: copies }, () => found.get(row) ?? "null"),
  );
  if (!isAppendOnly) {
    for (const row of rows) {
      const reason =
        "only in the kept database, and its table is not in `database.rollback.appendOnly`";
      await quarantine.refuse(table, row, reason);
    }
  } else if (rows.length > 0) {
    await insertBatch(work, how.columns, rows);
  }
}

const TELL = {
  inserted: "only in the kept database",
  updated: "another one in the kept database; only new rows are brought back",
  deleted: "only in the live database; nothing is deleted",
  newer: "written into the live database since the swap",
} as const;

/** Written down once the transaction stands. */
async function insertBatch(
  { pair, writing, isDryRun, quarantine }: Work,
  shared: readonly string[],
  rows: readonly string[],
): Promise<void> {
  const { table, live } = pair;
  const computed = new Set(
    live.shape.columns.filter(({ isGenerated }) => isGenerated).map(({ name }) => name),
  );
  const columns = shared.filter((name) => !computed.has(name));
  await (isDryRun ? undefined : writing.query("begin"));
  const refused = await insertRows({ client: writing, table: live.shape, columns }, rows);
  await (isDryRun ? undefined : writing.query("commit"));
  const reasons = new Map(refused.map(({ index, reason }) => [index, reason]));
  await quarantine.apply(
    table,
    rows.filter((_row, index) => !reasons.has(index)),
  );
  for (const [index, reason] of reasons) {
    await quarantine.refuse(table, rows[index] ?? "null", reason);
  }
}
