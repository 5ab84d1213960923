import { Socket } from "node:net";
import { Client } from "pg";
import { Failure, messageOf } from "../model/failure.ts";
import { connectionTo, namelessAddress, sessionName, watchClient } from "./postgres-own.ts";

/** Longest time for a connection. */
export const CONNECT_MS = 5000;

/** The caller's deadline counts, not the database's own for its applications; and no row is hidden without a word. */
const PATIENTLY = `
  set statement_timeout = 0;
  set idle_in_transaction_session_timeout = 0;
  set lock_timeout = '10s';
  set row_security = off;
  set default_transaction_read_only = off`;

/** Whom to connect to. */
export interface Session {
  readonly url: string;
  /** Another one than the address names. */
  readonly database?: string;
  /** Its application_name, which the tag of the address follows. Default `rollwatch`. */
  readonly application?: string;
}

/** One session, ended with its socket whatever happens: pg itself would wait for a polite end, for ever. Throws `dump-failed`. */
export async function withClient<T>(
  { url, database, application = "rollwatch" }: Session,
  use: (client: Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const socket = new Socket();
  const address = namelessAddress(url);
  if (database !== undefined) {
    address.pathname = `/${encodeURIComponent(database)}`;
  }
  const client = new Client({
    ...connectionTo(address),
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: sessionName(url, application),
  });
  function end(): void {
    socket.destroy(new Error("aborted"));
  }
  client.on("error", () => undefined);
  signal.addEventListener("abort", end, { once: true });
  try {
    await client.connect();
    await client.query(PATIENTLY);
    await watchClient(client);
    const answer = await use(client);
    // A clone right after it must not meet this session; an abort ends the wait.
    await client.end();
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Failure ? error : failed(error, address);
  } finally {
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
}

function failed(error: unknown, address: URL): Failure {
  const password = decodeURIComponent(address.password);
  const message = messageOf(error);
  const text = password === "" ? message : message.replaceAll(password, "[redacted]");
  return new Failure("dump-failed", `the database refused: ${text}`, {
    hint: "The role of `database.url` must be able to read every table (pg_read_all_data), and may need CREATEDB for clones; `rollwatch doctor` prints the SQL for `database.rollback.url`.",
  });
}

/** An identifier as SQL writes it. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
