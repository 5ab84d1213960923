import { ask, type Connections, describe, type NoAnswer } from "./postgres-connection.ts";

/** What the sessions of the watched server and database do, rollwatch's own not counted. */
export type DatabaseActivity =
  | {
      readonly kind: "answers";
      /** Connections of clients to any database of the server. */
      readonly connections: number;
      /** Connections that ordinary roles can have at the same time. */
      readonly maxConnections: number;
      /** Sessions of this database that wait for a lock. */
      readonly waiting: number;
      /** Age of the oldest open transaction of a client in this database; 0 when there is none. */
      readonly longestTransactionMs: number;
      /** Sessions of this database of which this role may see what they do. */
      readonly visible: number;
      /** Those of which it may not. */
      readonly hidden: number;
      /** Pages of this database and of the shared tables that did not match their checksum, since its statistics were reset; null where it has none. */
      readonly checksumFailures: number | null;
    }
  | ({ readonly kind: "fails" } & NoAnswer);

/** A role without pg_read_all_stats sees of others' sessions that they are there, and all locks, but neither their kind nor their transaction. */
const ASK_ACTIVITY = `
  with sessions as (
    select pid, datname = current_database() as ours, backend_type, xact_start
    from pg_stat_activity
    where datid is not null and usesysid is not null and pid <> pg_backend_pid()
      and coalesce(backend_type, 'client backend') = 'client backend'
  )
  select
    (select count(*) from sessions)::text as connections,
    (
      current_setting('max_connections')::int
      - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0)
    )::text as max_connections,
    (
      select count(distinct pid) from pg_locks join sessions using (pid) where not granted and ours
    )::text as waiting,
    (
      select extract(epoch from clock_timestamp() - min(xact_start)) * 1000 from sessions where ours
    )::text as longest_transaction_ms,
    (select count(*) from sessions where ours and backend_type is not null)::text as visible,
    (select count(*) from sessions where ours and backend_type is null)::text as hidden,
    case when current_setting('data_checksums') = 'on' then (
      select coalesce(sum(checksum_failures), 0) from pg_stat_database
      where datname is null or datname = current_database()
    ) end::text as checksum_failures`;

/** Asks what the sessions do; that there is no answer is one. */
export async function askActivity(
  connections: Connections,
  signal: AbortSignal,
): Promise<DatabaseActivity> {
  try {
    const row = await ask(connections, ASK_ACTIVITY, signal);
    return {
      kind: "answers",
      connections: Number(row["connections"]),
      maxConnections: Number(row["max_connections"]),
      waiting: Number(row["waiting"]),
      // A transaction may begin after the query did.
      longestTransactionMs: Math.max(0, Number(row["longest_transaction_ms"])),
      visible: Number(row["visible"]),
      hidden: Number(row["hidden"]),
      checksumFailures: numberOf(row["checksum_failures"]),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "fails", ...describe(error, connections.password) };
  }
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}
