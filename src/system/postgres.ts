import { Socket } from "node:net";
import { Client } from "pg";
import { Failure, messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";

/** What the watched database says when rollwatch itself asks. */
export type DatabaseAnswer =
  | { readonly kind: "answers"; readonly tookMs: number; readonly version: string }
  | { readonly kind: "fails"; readonly sqlstate: string | null; readonly detail: string };

/** The watched database: looked at, never changed. */
export interface Database {
  /** `select 1` on a connection of its own, with deadlines on connect and query. */
  check(signal: AbortSignal): Promise<DatabaseAnswer>;
  /** The newest applied migration and their number, such as `003_summary (3)`; null when the table does not exist. */
  schemaRevision(signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}

/** Where the database is. */
interface DatabaseSettings {
  /** Such as `postgres://user:password@host:5432/name`. */
  readonly url: string;
  /** The application's table of applied migrations (`name` or `schema.name`) and the column whose greatest value is the newest. */
  readonly migrations?: Migrations;
}

interface Migrations {
  readonly table: string;
  readonly column: string;
}

const CONNECT_MS = 2000;
const QUERY_MS = 2000;
/** Longest polite goodbye; a server that answers no more is left without one. */
const GOODBYE_MS = 250;

const ASK_VERSION = "select current_setting('server_version') as version";

/** Opens the database: one connection per question, none between them. Throws `config-invalid` when the address is none. */
export function openDatabase(settings: DatabaseSettings, clock: Clock): Database {
  const connections: Connections = {
    url: settings.url,
    password: passwordOf(settings.url),
    clock,
    sockets: new Set(),
  };
  return {
    async check(signal) {
      return check(connections, signal);
    },
    async schemaRevision(signal) {
      const { migrations } = settings;
      return migrations === undefined ? null : schemaRevision(connections, migrations, signal);
    },
    async close() {
      for (const socket of connections.sockets) {
        socket.destroy(new Error("the database was closed"));
      }
    },
  };
}

interface Connections {
  readonly url: string;
  readonly password: string;
  readonly clock: Clock;
  /** Those of the questions that are on their way. */
  readonly sockets: Set<Socket>;
}

async function check(connections: Connections, signal: AbortSignal): Promise<DatabaseAnswer> {
  const { clock, password } = connections;
  const start = clock.monotonic();
  try {
    const row = await ask(connections, ASK_VERSION, signal);
    const tookMs = clock.monotonic() - start;
    return { kind: "answers", tookMs, version: row["version"] ?? "unknown" };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "fails", ...describe(error, password) };
  }
}

async function schemaRevision(
  connections: Connections,
  migrations: Migrations,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const row = await ask(connections, revisionQuery(migrations), signal);
    return `${row["newest"] ?? "none"} (${row["applied"] ?? "0"})`;
  } catch (error) {
    signal.throwIfAborted();
    const { sqlstate, detail } = describe(error, connections.password);
    if (sqlstate === UNDEFINED_TABLE) {
      return null;
    }
    throw new Failure("database-unreachable", `the migrations could not be read: ${detail}`, {
      hint: "Check `database.url` and `database.migrations`, and that this role may read the table.",
    });
  }
}

const UNDEFINED_TABLE = "42P01";

type Row = Readonly<Record<string, string | null>>;

/** A failure with the part of the conversation in which it happened. */
class PhaseError extends Error {
  readonly phase: "connect" | "query";

  constructor(phase: "connect" | "query", cause: unknown) {
    super(messageOf(cause), { cause });
    this.phase = phase;
  }
}

async function ask(connections: Connections, sql: string, signal: AbortSignal): Promise<Row> {
  signal.throwIfAborted();
  const socket = new Socket();
  connections.sockets.add(socket);
  const client = new Client({
    connectionString: connections.url,
    // The socket is ours, so that it can be ended in any phase; pg waits for a polite end, for ever.
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    statement_timeout: QUERY_MS,
    application_name: "rollwatch",
  });
  function end(): void {
    socket.destroy(new Error("aborted"));
  }
  client.on("error", () => undefined);
  signal.addEventListener("abort", end, { once: true });
  try {
    await client.connect().catch(rethrowAs("connect"));
    const result = await client.query<Row>(sql).catch(rethrowAs("query"));
    await goodbye(client, connections.clock);
    return result.rows[0] ?? {};
  } finally {
    signal.removeEventListener("abort", end);
    connections.sockets.delete(socket);
    socket.destroy();
  }
}

function rethrowAs(phase: "connect" | "query"): (error: unknown) => never {
  return (error) => {
    throw new PhaseError(phase, error);
  };
}

async function goodbye(client: Client, clock: Clock): Promise<void> {
  const patience = new AbortController();
  const tooLong = clock.sleep(GOODBYE_MS, patience.signal).catch(() => undefined);
  await Promise.race([client.end(), tooLong]);
  patience.abort();
}

/** What went wrong, in one line without the password. */
function describe(
  error: unknown,
  password: string,
): { readonly sqlstate: string | null; readonly detail: string } {
  const cause = error instanceof PhaseError ? error.cause : error;
  const phase = error instanceof PhaseError ? `${error.phase}: ` : "";
  const code = codeOf(cause);
  const message = messageOf(cause) === "AggregateError" ? (code ?? "refused") : messageOf(cause);
  const detail = password === "" ? message : message.replaceAll(password, "[redacted]");
  const sqlstate = code !== undefined && /^[0-9A-Z]{5}$/u.test(code) ? code : null;
  return { sqlstate, detail: `${phase}${detail}${sqlstate === null ? "" : ` (${sqlstate})`}` };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

function passwordOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).password);
  } catch {
    throw new Failure("config-invalid", "the database's address is no URL", {
      hint: "Write it as postgres://user:password@host:5432/name, special characters percent-encoded.",
    });
  }
}

function revisionQuery(migrations: Migrations): string {
  const table = migrations.table.split(".").map(quoted).join(".");
  const column = quoted(migrations.column);
  return `select max(${column})::text as newest, count(*)::text as applied from ${table}`;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
