import { Socket } from "node:net";
import { Client } from "pg";
import { Failure, messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { type LocalReason, localReasonOf } from "./http-errors.ts";
import { type DatabasePhase, phaseOf } from "./postgres-phase.ts";

/** Less than a control may take, so that it hears which part took too long. */
const CONNECT_MS = 1500;
const QUERY_MS = 2000;
/** Longest polite goodbye; a server that answers no more is left without one. */
const GOODBYE_MS = 250;

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
  let isConnected = false;
  socket.once("connect", () => {
    isConnected = true;
  });
  function rethrowAs(phase: "connect" | "query"): (error: unknown) => never {
    return (error) => {
      throw new PhaseError(phase, error, isConnected);
    };
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
