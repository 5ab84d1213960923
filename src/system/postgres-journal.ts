import type { Client } from "pg";
import { z } from "zod";
import type { JournalState } from "../model/database-rows.ts";
import { messageOf } from "../model/failure.ts";
import { type DatabasePlace, inPlainSession } from "./postgres-reading.ts";
import { JOURNAL_SCHEMA, quoted, readTables, type TableShape } from "./postgres-tables.ts";

/** Longest time for one statement; of that at most 3 s for a lock. */
const STATEMENT_MS = 30_000;
/** How often a table that is busy is tried, and the time in between. */
const ATTEMPTS = 5;
const BETWEEN_MS = 500;
const TRIGGER = "zz_rollwatch_journal";
const TRUNCATED = "zz_rollwatch_truncated";

/**
 * What was written is noted as `json`: unlike jsonb it takes every value that a row can have, and a note that fails would fail the
 * application's own statement. Values are written in one way, whatever the application's session has set.
 */
const MAKE = `
  create schema if not exists ${JOURNAL_SCHEMA};
  create table if not exists ${JOURNAL_SCHEMA}.changes (
    seq bigint generated always as identity primary key,
    xid xid8 not null,
    schema_name text not null,
    table_name text not null,
    op text not null,
    old json,
    new json
  );
  create table if not exists ${JOURNAL_SCHEMA}.snapshots (copy oid primary key, snapshot text not null);
  create or replace function ${JOURNAL_SCHEMA}.note() returns trigger
  language plpgsql security definer
  set search_path = '' set datestyle = 'ISO, YMD' set intervalstyle = 'postgres'
  set extra_float_digits = 1 set bytea_output = 'hex' set lc_monetary = 'C'
  as $$
  begin
    insert into ${JOURNAL_SCHEMA}.changes (xid, schema_name, table_name, op, old, new)
    values (
      pg_catalog.pg_current_xact_id(), tg_argv[0], tg_argv[1], pg_catalog.left(tg_op, 1),
      case when tg_op in ('UPDATE', 'DELETE') then pg_catalog.row_to_json(old) end,
      case when tg_op in ('UPDATE', 'INSERT') then pg_catalog.row_to_json(new) end
    );
    return null;
  end $$`;

const ASK_JOURNALED = `
  select n.nspname || '.' || c.relname as table
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where t.tgname = '${TRIGGER}' and t.tgenabled in ('O', 'A')`;
const Journaled = z.array(z.object({ table: z.string() }));

/**
 * Has every later write into any table noted, while the application goes on: each table is a transaction of its own that waits
 * at most 3 s for its lock. When it is done, every transaction that was not noted is over.
 */
export async function installJournal(
  place: DatabasePlace,
  signal: AbortSignal,
): Promise<JournalState> {
  return inPlainSession(
    place,
    STATEMENT_MS,
    async (client) => {
      await client.query(MAKE);
      const before = await journaledTables(client);
      const journaled: string[] = [];
      const missing: { table: string; why: string }[] = [];
      for (const [table, shape] of await readTables(client)) {
        const why = before.has(table) ? undefined : await addTriggers(place, client, shape, signal);
        if (why === undefined) {
          journaled.push(table);
        } else {
          missing.push({ table, why });
        }
      }
      return { journaled, missing };
    },
    signal,
  );
}

/** Why a table could not be had; undefined when it is journaled. */
async function addTriggers(
  { clock }: DatabasePlace,
  client: Client,
  shape: TableShape,
  signal: AbortSignal,
): Promise<string | undefined> {
  let why: string | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      // Several statements in one query are one transaction.
      await client.query(triggersOf(shape));
      return undefined;
    } catch (error) {
      why = messageOf(error);
    }
    await clock.sleep(BETWEEN_MS, signal);
  }
  return why;
}

function triggersOf({ schema, name }: TableShape): string {
  const on = `${quoted(schema)}.${quoted(name)}`;
  const note = `
    when (pg_catalog.current_setting('rollwatch.journal_off', true) is distinct from 'on')
    execute function ${JOURNAL_SCHEMA}.note(${literal(schema)}, ${literal(name)})`;
  return `
    create trigger ${TRIGGER} after insert or update or delete on ${on} for each row ${note};
    create trigger ${TRUNCATED} after truncate on ${on} for each statement ${note}`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The tables whose writes are noted, by `schema.name`. */
export async function journaledTables(client: Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query(ASK_JOURNALED);
  return new Set(Journaled.parse(rows).map(({ table }) => table));
}

/** Ends the journal, with everything that it noted; a database without one is fine. */
export async function removeJournal(place: DatabasePlace, signal: AbortSignal): Promise<void> {
  await inPlainSession(
    place,
    STATEMENT_MS,
    async (client) => client.query(`drop schema if exists ${JOURNAL_SCHEMA} cascade`),
    signal,
  );
}

/** Forgets what a snapshot has seen: pg_current_snapshot() of its moment as text. Returns how many changes that were. */
export async function pruneJournal(
  place: DatabasePlace,
  snapshot: string,
  signal: AbortSignal,
): Promise<number> {
  const sql = `delete from ${JOURNAL_SCHEMA}.changes where pg_visible_in_snapshot(xid, $1::pg_snapshot)`;
  return inPlainSession(
    place,
    STATEMENT_MS,
    async (client) => (await client.query(sql, [snapshot])).rowCount ?? 0,
    signal,
  );
}

/** Writes down of which moment a copy of the database is, in the database itself: it goes with it when that is kept aside. */
export async function noteSnapshot(
  place: DatabasePlace,
  copy: { readonly oid: number; readonly snapshot: string },
  signal: AbortSignal,
): Promise<void> {
  const sql = `insert into ${JOURNAL_SCHEMA}.snapshots values ($1, $2)
    on conflict (copy) do update set snapshot = excluded.snapshot`;
  await inPlainSession(
    place,
    STATEMENT_MS,
    async (client) => client.query(sql, [copy.oid, copy.snapshot]),
    signal,
  );
}

/** Of which moment a copy of a kept database is; undefined where its journal does not know. */
export async function notedSnapshot(
  kept: DatabasePlace,
  oid: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const sql = `select snapshot from ${JOURNAL_SCHEMA}.snapshots where copy = $1`;
  return inPlainSession(
    kept,
    STATEMENT_MS,
    async (client) => {
      const isJournaled = (await journaledTables(client)).size > 0;
      const answer = isJournaled
        ? await client.query<{ readonly snapshot: string }>(sql, [oid])
        : undefined;
      return answer?.rows[0]?.snapshot;
    },
    signal,
  );
}
