import { z } from "zod";
import { ask, type Connections, describe, type NoAnswer } from "./postgres-connection.ts";

/** What the watched database says when rollwatch itself asks. */
export type DatabaseAnswer =
  | {
      readonly kind: "answers";
      readonly tookMs: number;
      readonly version: string;
      /** Why it takes no writes from anybody; absent when it does. */
      readonly readOnly?: string;
      /** Who holds the connections of the server, most of them first, rollwatch's own question not counted. */
      readonly holders: readonly ConnectionHolder[];
      /** Connections that ordinary roles can have at the same time. */
      readonly maxConnections: number;
    }
  | ({ readonly kind: "fails" } & NoAnswer);

/** Sessions of one role that call themselves the same. */
export interface ConnectionHolder {
  readonly role: string;
  /** Its application_name; empty when it sets none. */
  readonly program: string;
  readonly sessions: number;
}

/** Role and application_name of a session are visible to everybody. A role that only reads by its own setting says nothing about the others. */
const CHECK = `
  with holders as (
    select coalesce(usename::text, '') as role, coalesce(application_name, '') as program, count(*)::int as sessions
    from pg_stat_activity
    where datid is not null and usesysid is not null and pid <> pg_backend_pid()
      and coalesce(backend_type, 'client backend') = 'client backend'
    group by 1, 2
    order by 3 desc
    limit 50
  )
  select
    current_setting('server_version') as version,
    case
      when pg_is_in_recovery() then 'it is a standby'
      when (
        select setting = 'on' and source not in ('user', 'database user', 'client', 'session')
        from pg_settings where name = 'default_transaction_read_only'
      ) then 'default_transaction_read_only is on'
    end as read_only,
    (
      current_setting('max_connections')::int
      - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0)
    )::text as max_connections,
    (select coalesce(json_agg(holders), '[]')::text from holders) as holders`;

const Holders = z.array(z.object({ role: z.string(), program: z.string(), sessions: z.number() }));

/** Asks whether the database answers; that it does not is an answer too. */
export async function checkDatabase(
  connections: Connections,
  signal: AbortSignal,
): Promise<DatabaseAnswer> {
  const { clock, password } = connections;
  const start = clock.monotonic();
  try {
    const row = await ask(connections, CHECK, signal);
    const readOnly = row["read_only"] ?? null;
    return {
      kind: "answers",
      tookMs: clock.monotonic() - start,
      version: row["version"] ?? "unknown",
      ...(readOnly === null ? {} : { readOnly }),
      holders: Holders.parse(JSON.parse(row["holders"] ?? "[]")),
      maxConnections: Number(row["max_connections"]),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "fails", ...describe(error, password) };
  }
}
