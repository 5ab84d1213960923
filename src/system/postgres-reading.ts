import type { Socket } from "node:net";
import type { Client } from "pg";
import { Failure } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { describe, inSession, passwordOf } from "./postgres-connection.ts";

/** A database of the watched server, by its name. */
export interface DatabasePlace {
  /** The address of any database of the server. */
  readonly url: string;
  readonly database: string;
  readonly clock: Clock;
}

/**
 * How values are written as text, whatever the database's or the role's own settings are: two databases write the same value
 * in the same way. Names are written with their schema. Rows that a policy hides are an error, not a difference.
 */
const PLAINLY = `
  set search_path = '';
  set datestyle = 'ISO, YMD';
  set intervalstyle = 'postgres';
  set timezone = 'UTC';
  set extra_float_digits = 1;
  set bytea_output = 'hex';
  set lc_monetary = 'C';
  set row_security = off;
  set idle_in_transaction_session_timeout = 0;
  set lock_timeout = '3s'`;

/** A session for `use` that shows one moment of a database and writes nothing. Every statement may take `timeoutMs`. */
export async function inReading<T>(
  place: DatabasePlace,
  timeoutMs: number,
  use: (client: Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return inPlainSession(
    place,
    timeoutMs,
    async (client) => {
      await client.query("begin isolation level repeatable read read only");
      const answer = await use(client);
      await client.query("commit");
      return answer;
    },
    signal,
  );
}

/** A session for `use` whose values are written plainly. What goes wrong is a `delta-failed`. */
export async function inPlainSession<T>(
  { url, database, clock }: DatabasePlace,
  timeoutMs: number,
  use: (client: Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const password = passwordOf(url);
  const address = new URL(url);
  address.pathname = `/${encodeURIComponent(database)}`;
  const connections = { url: address.href, password, clock, sockets: new Set<Socket>() };
  try {
    return await inSession(
      connections,
      { timeoutMs },
      async (client) => {
        await client.query(PLAINLY);
        return use(client);
      },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    // What `use` throws comes wrapped in where it happened.
    const thrown = error instanceof Error && error.cause instanceof Failure ? error.cause : error;
    throw thrown instanceof Failure ? thrown : failed(error, database, password);
  }
}

function failed(error: unknown, database: string, password: string): Failure {
  const { detail } = describe(error, password);
  return new Failure("delta-failed", `database ${JSON.stringify(database)}: ${detail}`, {
    hint: "The role of `database.rollback.url` (else of `database.url`) must be able to connect to it and to read every table (pg_read_all_data).",
    cause: error,
  });
}
