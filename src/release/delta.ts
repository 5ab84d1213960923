import { join } from "node:path";
import type { Client } from "pg";
import type {
  ConsumedFolder,
  DatabaseDelta,
  ExportedFile,
  TableDelta,
} from "../model/database-delta.ts";
import type { TableProgress } from "../model/database-rows.ts";
import { messageOf } from "../model/failure.ts";
import { writtenSince } from "../system/postgres-age.ts";
import { comparisonOf, compareTable, type TablePair } from "../system/postgres-delta.ts";
import { type DatabasePlace, inReading } from "../system/postgres-reading.ts";
import { fromTable, readTables, type TableShape } from "../system/postgres-tables.ts";
import type { Files } from "../system/files.ts";
import { openExport, type RowsExport } from "./delta-export.ts";

/** Longest time for one statement: the first of a table sorts it. */
const STATEMENT_MS = 1_800_000;
export const DELTA_MANIFEST = "manifest.json";

/** What to compare, and what to do with the differences. */
export interface DeltaOrder {
  readonly kept: DatabasePlace;
  readonly live: DatabasePlace;
  /** pg_current_snapshot() of the swap as text: what was written into the live database later is told apart. */
  readonly swappedAt?: string;
  /** What services consumed since the snapshot; absent where nobody can tell. */
  readonly consumed?: readonly ConsumedFolder[] | undefined;
  /** The folder for the rows, which must not exist, and how long they are kept there, ms. Default: they are only counted. */
  readonly into?: { readonly folder: string; readonly keepMs: number };
  /** Told before each table. */
  readonly onTable?: ((progress: TableProgress) => void) | undefined;
}

/** One moment of each database. */
interface Sides {
  readonly kept: Client;
  readonly live: Client;
}

/** Compares the database that was kept aside with the live one, row by row, and writes neither. */
export async function compareDatabases(
  files: Files,
  order: DeltaOrder,
  signal: AbortSignal,
): Promise<DatabaseDelta> {
  const { kept, live, into } = order;
  const at = kept.clock.now();
  if (into !== undefined) {
    await files.makeFolder(into.folder, 0o700);
  }
  const compared = await inReading(
    kept,
    STATEMENT_MS,
    async (one) =>
      inReading(
        live,
        STATEMENT_MS,
        async (other) => compareAll({ kept: one, live: other }, order, signal),
        signal,
      ),
    signal,
  );
  const delta: DatabaseDelta = {
    at,
    kept: kept.database,
    live: live.database,
    seconds: (kept.clock.now() - at) / 1000,
    ...compared,
    ...(order.consumed === undefined ? {} : { consumed: [...order.consumed] }),
    folder: into?.folder ?? null,
    expiresAt: into === undefined ? null : at + into.keepMs,
  };
  if (into !== undefined) {
    const text = `${JSON.stringify(delta, null, 2)}\n`;
    await files.writeAtomic(join(into.folder, DELTA_MANIFEST), text, 0o600);
  }
  return delta;
}

async function compareAll(
  sides: Sides,
  order: DeltaOrder,
  signal: AbortSignal,
): Promise<Pick<DatabaseDelta, "tables" | "files">> {
  const [ours, theirs] = [await readTables(sides.kept), await readTables(sides.live)];
  const newer = await newerCondition(sides.live, order.swappedAt);
  const tables: TableDelta[] = [];
  const files: ExportedFile[] = [];
  const names = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted();
  for (const [index, table] of names.entries()) {
    signal.throwIfAborted();
    order.onTable?.({ table, number: index + 1, of: names.length });
    const [kept, live] = [ours.get(table), theirs.get(table)];
    const work: () => Promise<Compared> =
      kept === undefined || live === undefined
        ? async () => ({ delta: await countAlone(sides, table, { kept, live }), files: [] })
        : async () => {
            const pair = pairOf(sides, table, { kept, live, newer });
            const rows = openExport(order.into?.folder, pair, index + 1);
            return compareAndExport(pair, rows, signal);
          };
    const compared = await orProblem(sides, table, work, signal);
    tables.push(compared.delta);
    files.push(...compared.files);
  }
  return { tables, files };
}

interface Compared {
  readonly delta: TableDelta;
  readonly files: readonly ExportedFile[];
}

function pairOf(
  sides: Sides,
  table: string,
  {
    kept,
    live,
    newer,
  }: { readonly kept: TableShape; readonly live: TableShape; readonly newer: string },
): TablePair {
  return {
    table,
    kept: { client: sides.kept, shape: kept },
    live: { client: sides.live, shape: live },
    newer,
  };
}

async function compareAndExport(
  pair: TablePair,
  rows: RowsExport,
  signal: AbortSignal,
): Promise<Compared> {
  const how = comparisonOf(pair);
  try {
    const delta = await compareTable(pair, async (batch) => rows.add(how, batch), signal);
    return { delta, files: await rows.close() };
  } finally {
    await rows.close();
  }
}

async function newerCondition(live: Client, swappedAt: string | undefined): Promise<string> {
  const since = swappedAt === undefined ? undefined : await writtenSince(live, swappedAt);
  return since?.kind === "known" ? since.condition : "false";
}

/** A table that cannot be compared must not end the transactions that the others need. */
async function orProblem(
  { kept, live }: Sides,
  table: string,
  work: () => Promise<Compared>,
  signal: AbortSignal,
): Promise<Compared> {
  await both({ kept, live }, "savepoint one");
  try {
    const compared = await work();
    await both({ kept, live }, "release savepoint one");
    return compared;
  } catch (error) {
    signal.throwIfAborted();
    await both({ kept, live }, "rollback to savepoint one");
    return { delta: { ...nothing(table), by: "key", problem: messageOf(error) }, files: [] };
  }
}

async function both({ kept, live }: Sides, sql: string): Promise<void> {
  await Promise.all([kept.query(sql), live.query(sql)]);
}

async function countAlone(
  sides: Sides,
  table: string,
  shapes: { readonly kept: TableShape | undefined; readonly live: TableShape | undefined },
): Promise<TableDelta> {
  const [client, shape] =
    shapes.kept === undefined ? [sides.live, shapes.live] : [sides.kept, shapes.kept];
  if (shape === undefined) {
    return { ...nothing(table), by: "rows" };
  }
  const { rows } = await client.query<{ readonly count: string }>(
    `select count(*) from ${fromTable(shape)}`,
  );
  const count = Number(rows[0]?.count ?? 0);
  return shapes.kept === undefined
    ? { ...nothing(table), by: "live-only", deleted: count }
    : { ...nothing(table), by: "kept-only", inserted: count };
}

function nothing(table: string): Omit<TableDelta, "by"> {
  return { table, inserted: 0, updated: 0, deleted: 0, newer: 0, notes: [], problem: null };
}
