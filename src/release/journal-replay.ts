import { join } from "node:path";
import type { Client } from "pg";
import { z } from "zod";
import type { Reapplied } from "../model/database-delta.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Files } from "../system/files.ts";
import { applyChange, type Change, type Outcome, readChanges } from "../system/postgres-change.ts";
import { moveSequences } from "../system/postgres-insert.ts";
import { journaledTables } from "../system/postgres-journal.ts";
import { type DatabasePlace, inPlainSession, inReading } from "../system/postgres-reading.ts";
import { readOid } from "../system/postgres-kept.ts";
import { JOURNAL_SCHEMA, readTables, type TableShape } from "../system/postgres-tables.ts";
import { DELTA_MANIFEST } from "./delta.ts";
import { openQuarantine, type Quarantine } from "./quarantine.ts";

const STATEMENT_MS = 1_800_000;
/** Changes of one transaction. */
const BATCH = 1000;

/** Which journal to replay. */
export interface ReplayOrder {
  readonly kept: DatabasePlace;
  readonly live: DatabasePlace;
  /** pg_current_snapshot() of the moment of the live database's data, as text: what it has seen is there already. */
  readonly snapshot: string;
  /** Whether all of it is tried, and taken back again. */
  readonly isDryRun: boolean;
  /** The folder of the report, which must not exist, and how long it is kept, ms. */
  readonly folder: string;
  readonly keepMs: number;
}

interface Replaying extends ReplayOrder {
  readonly writing: Client;
  readonly tables: ReadonlyMap<string, TableShape>;
  /** The kept database, as the live one remembers how far it came with it. */
  readonly keptOid: number;
  readonly quarantine: Quarantine;
}

/**
 * Makes the changes that the kept database's journal has noted since the snapshot in the live one, in their order. How far it came
 * is written in the same transaction as the changes: a kill loses none, and a second run makes none twice.
 */
export async function replayJournal(
  files: Files,
  order: ReplayOrder,
  signal: AbortSignal,
): Promise<Reapplied> {
  const { kept, live, isDryRun, folder, keepMs } = order;
  const at = kept.clock.now();
  const quarantine = await openQuarantine(files, folder);
  async function withKept(reading: Client): Promise<void> {
    await inPlainSession(
      live,
      STATEMENT_MS,
      async (writing) => replayAll({ ...order, quarantine }, { reading, writing }, signal),
      signal,
    );
  }
  try {
    await inReading(kept, STATEMENT_MS, withKept, signal);
  } finally {
    await quarantine.close();
  }
  const reapplied: Reapplied = {
    at,
    kept: kept.database,
    live: live.database,
    seconds: (kept.clock.now() - at) / 1000,
    isDryRun,
    tables: [...quarantine.tables()],
    folder,
    expiresAt: at + keepMs,
  };
  const text = `${JSON.stringify(reapplied, null, 2)}\n`;
  await files.writeAtomic(join(folder, DELTA_MANIFEST), text, 0o600);
  return reapplied;
}

const PREPARE = `
  create schema if not exists ${JOURNAL_SCHEMA};
  create table if not exists ${JOURNAL_SCHEMA}.replayed (kept oid primary key, seq bigint not null);
  set rollwatch.journal_off = 'on'`;
const MARK = `
  insert into ${JOURNAL_SCHEMA}.replayed values ($1, $2)
  on conflict (kept) do update set seq = excluded.seq`;
const Seq = z.object({ seq: z.string() });

async function replayAll(
  order: ReplayOrder & { readonly quarantine: Quarantine },
  { reading, writing }: { readonly reading: Client; readonly writing: Client },
  signal: AbortSignal,
): Promise<void> {
  const { isDryRun, snapshot } = order;
  await (isDryRun ? writing.query("begin") : undefined);
  await writing.query(PREPARE);
  const keptOid = await readOid(reading);
  const tables = await readTables(writing);
  await requireJournal(reading, order.kept.database);
  // Nothing takes a sequence back again.
  await (isDryRun ? undefined : moveAll(reading, writing, tables));
  const replaying = { ...order, writing, tables, keptOid };
  let seq = await beginning(writing, keptOid);
  for (;;) {
    signal.throwIfAborted();
    const changes = await readChanges(reading, { seq, snapshot }, BATCH);
    await replayBatch(replaying, changes);
    seq = changes.at(-1)?.seq ?? seq;
    if (changes.length < BATCH) {
      break;
    }
  }
  await (isDryRun ? writing.query("rollback") : undefined);
}

async function requireJournal(reading: Client, database: string): Promise<void> {
  if ((await journaledTables(reading)).size === 0) {
    throw new Failure("refused", `the database ${JSON.stringify(database)} has no journal`, {
      hint: "`database.rollback.journal` must be on before its snapshot is made; `rollwatch database delta` finds the rows without one.",
    });
  }
}

/** Where an earlier run ended. */
async function beginning(writing: Client, keptOid: number): Promise<string> {
  const { rows } = await writing.query(
    `select seq::text from ${JOURNAL_SCHEMA}.replayed where kept = $1`,
    [keptOid],
  );
  return Seq.safeParse(rows[0]).data?.seq ?? "0";
}

async function moveAll(
  reading: Client,
  writing: Client,
  tables: ReadonlyMap<string, TableShape>,
): Promise<void> {
  for (const [name, kept] of await readTables(reading)) {
    const live = tables.get(name);
    const has = new Set(kept.columns.map((column) => column.name));
    if (live !== undefined) {
      const columns = live.columns.filter((column) => has.has(column.name));
      await moveSequences(reading, writing, { ...live, columns });
    }
  }
}

async function replayBatch(replaying: Replaying, changes: readonly Change[]): Promise<void> {
  const { writing, isDryRun, keptOid, quarantine } = replaying;
  const last = changes.at(-1);
  if (last === undefined) {
    return;
  }
  await writing.query(isDryRun ? "savepoint batch" : "begin; savepoint batch");
  const outcomes = await allAtOnce(replaying, changes);
  await writing.query(MARK, [keptOid, last.seq]);
  await writing.query(isDryRun ? "release savepoint batch" : "commit");
  for (const [index, change] of changes.entries()) {
    const outcome = outcomes[index] ?? { kind: "needless" };
    const row = `{"seq":${change.seq},"op":"${change.op}","old":${change.old ?? "null"},"new":${change.new ?? "null"}}`;
    const line = row.replaceAll(/[\r\n]+/gu, " ");
    await (outcome.kind === "misfit"
      ? quarantine.refuse(change.table, line, outcome.reason)
      : quarantine.apply(change.table, outcome.kind === "applied" ? [line] : []));
  }
}

/** As long as nothing fails that is much faster than a savepoint for each. */
async function allAtOnce(
  replaying: Replaying,
  changes: readonly Change[],
): Promise<readonly Outcome[]> {
  const { writing } = replaying;
  try {
    const outcomes: Outcome[] = [];
    for (const change of changes) {
      outcomes.push(await applyOne(replaying, change));
    }
    await writing.query("set constraints all immediate");
    return outcomes;
  } catch {
    await writing.query("rollback to savepoint batch");
    return oneByOne(replaying, changes);
  }
}

async function oneByOne(
  replaying: Replaying,
  changes: readonly Change[],
): Promise<readonly Outcome[]> {
  const { writing } = replaying;
  const outcomes: Outcome[] = [];
  for (const change of changes) {
    await writing.query("savepoint one");
    outcomes.push(await orMisfit(replaying, change));
    await writing.query("release savepoint one");
  }
  return outcomes;
}

async function orMisfit(replaying: Replaying, change: Change): Promise<Outcome> {
  const { writing } = replaying;
  try {
    const outcome = await applyOne(replaying, change);
    await writing.query("set constraints all immediate");
    return outcome;
  } catch (error) {
    await writing.query("rollback to savepoint one");
    return { kind: "misfit", reason: messageOf(error) };
  }
}

async function applyOne({ writing, tables }: Replaying, change: Change): Promise<Outcome> {
  const table = tables.get(change.table);
  return table === undefined
    ? { kind: "misfit", reason: "the live database has no such table" }
    : applyChange(writing, table, change);
}
