import { Socket } from "node:net";
import { Client } from "pg";
import { Failure, messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { cancelRunning } from "./postgres-cancel.ts";
import { type LocalReason, localReasonOf } from "./http-errors.ts";
import { connectionTo, namelessAddress, sessionName, watchClient } from "./postgres-own.ts";
import { type DatabasePhase, phaseOf } from "./postgres-phase.ts";

/** Less than a control may take, so that it hears which part took too long. */
const CONNECT_MS = 1500;
const QUERY_MS = 2000;
/** How much longer than the server a statement is waited for. */
const LATER_MS = 250;
/** Longest polite goodbye; a server that answers no more is left without one. */
const GOODBYE_MS = 250;
/** A statement that may take longer than this is not to work on for a client that was killed. */
const LONG_MS = 5000;
/** Of a session whose address names none. */
const OWN_NAME = "rollwatch";

/** How to reach the database; one connection per question, none between them. */
export interface Connections {
  readonly url: string;
  readonly password: string;
  readonly clock: Clock;
  /** Those of the questions that are on their way. */
  readonly sockets: Set<Socket>;
}

/** One row, every value as text. */
export type Row = Readonly<Record<string, string | null>>;

/** A failure with the part of the conversation in which it happened. */
class PhaseError extends Error {
  readonly phase: "connect" | "query";
  readonly isConnected: boolean;

  constructor(phase: "connect" | "query", cause: unknown, isConnected: boolean) {
    super(messageOf(cause), { cause });
    this.phase = phase;
    this.isConnected = isConnected;
  }
}

/** Asks one question on a connection of its own; the answer's first row. */
export async function ask(
  connections: Connections,
  sql: string,
  signal: AbortSignal,
): Promise<Row> {
  async function read(client: Client): Promise<Row> {
    const result = await client.query<Row>(sql);
    return result.rows[0] ?? {};
  }
  return inSession(connections, { timeoutMs: QUERY_MS }, read, signal);
}

/** How long the questions of one session may take. */
interface SessionLimits {
  /** Longest time of each statement, here and at the server, ms. */
  readonly timeoutMs: number;
  /** Bytes that may come back in all. Default: any number. */
  readonly maxBytes?: number;
}

/** A session of its own for `use`, named `rollwatch`. An abort cancels what it runs, and ends it. */
export async function inSession<T>(
  connections: Connections,
  { timeoutMs, maxBytes = Infinity }: SessionLimits,
  use: (client: Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const socket = new Socket();
  const client = aClient(connections.url, socket, timeoutMs);
  connections.sockets.add(socket);
  const course = watch(socket, maxBytes);
  function end(): void {
    void cancelRunning(client, connections);
    socket.destroy(new Error("aborted"));
  }
  client.on("error", () => undefined);
  signal.addEventListener("abort", end, { once: true });
  try {
    await client.connect().catch(course.rethrowAs("connect"));
    await (timeoutMs > LONG_MS ? watchClient(client) : undefined);
    const result = await use(client).catch(course.rethrowAs("query"));
    await goodbye(client, connections.clock);
    return result;
  } finally {
    signal.removeEventListener("abort", end);
    connections.sockets.delete(socket);
    socket.destroy();
  }
}

function aClient(url: string, socket: Socket, timeoutMs: number): Client {
  const isTagged = sessionName(url, OWN_NAME) !== OWN_NAME;
  return new Client({
    ...connectionTo(isTagged ? namelessAddress(url) : new URL(url)),
    // The socket is ours, so that it can be ended in any phase; pg waits for a polite end, for ever.
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_MS,
    // The server's own limit comes first: its answer says which.
    query_timeout: timeoutMs + LATER_MS,
    statement_timeout: timeoutMs,
    application_name: sessionName(url, OWN_NAME),
  });
}

/** How far a session came, for telling a failure by its phase. */
function watch(
  socket: Socket,
  maxBytes: number,
): { readonly rethrowAs: (phase: "connect" | "query") => (error: unknown) => never } {
  let isConnected = false;
  let bytes = 0;
  socket.once("connect", () => {
    isConnected = true;
  });
  if (Number.isFinite(maxBytes)) {
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        socket.destroy(new Error(`more than ${maxBytes} bytes came back`));
      }
    });
  }
  return {
    rethrowAs: (phase) => (error) => {
      throw new PhaseError(phase, error, isConnected);
    },
  };
}

async function goodbye(client: Client, clock: Clock): Promise<void> {
  const patience = new AbortController();
  const tooLong = clock.sleep(GOODBYE_MS, patience.signal).catch(() => undefined);
  await Promise.race([client.end(), tooLong]);
  patience.abort();
}

/** A question without an answer. */
export interface NoAnswer {
  readonly phase: DatabasePhase;
  readonly sqlstate: string | null;
  /** One line, without the password. */
  readonly detail: string;
  /** Why the fault is on this side, where it is. */
  readonly local?: LocalReason;
}

/** What went wrong. */
export function describe(error: unknown, password: string): NoAnswer {
  const cause = error instanceof PhaseError ? error.cause : error;
  const part = error instanceof PhaseError ? `${error.phase}: ` : "";
  const code = codeOf(cause);
  const detail = tellCause(cause, password);
  const sqlstate = code !== undefined && /^[0-9A-Z]{5}$/u.test(code) ? code : null;
  const local = localReasonOf(code ?? "");
  const isConnected = error instanceof PhaseError && error.isConnected;
  return {
    phase: phaseOf({ sqlstate, message: messageOf(cause), code, local, isConnected }),
    sqlstate,
    detail: `${part}${detail}${sqlstate === null ? "" : ` (${sqlstate})`}`,
    ...(local === undefined ? {} : { local }),
  };
}

function tellCause(cause: unknown, password: string): string {
  const message =
    messageOf(cause) === "AggregateError" ? (codeOf(cause) ?? "refused") : messageOf(cause);
  return password === "" ? message : message.replaceAll(password, "[redacted]");
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** The password in an address. Throws `config-invalid` when it is none. */
export function passwordOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).password);
  } catch {
    throw new Failure("config-invalid", "the database's address is no URL", {
      hint: "Write it as postgres://user:password@host:5432/name, special characters percent-encoded.",
    });
  }
}
