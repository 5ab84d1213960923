import { Socket } from "node:net";
import { Client } from "pg";
import { connectionTo } from "./postgres-own.ts";
import { z } from "zod";
import { Failure, messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { CONNECT_MS, quoted } from "./postgres-session.ts";

/** The pool of a database as PgBouncer has it. */
export interface PooledDatabase {
  readonly name: string;
  /** Also while it still waits for transactions to end. */
  readonly isPaused: boolean;
}

/** Holds clients back while databases change places: they wait, and notice nothing else. What goes wrong is a `swap-failed`. */
export interface ConnectionPool {
  /** The databases that clients know, as configured. */
  readonly databases: readonly string[];
  /** Those of them that PgBouncer knows by now. */
  look(signal: AbortSignal): Promise<readonly PooledDatabase[]>;
  /** Whether the console's role may pause and resume. */
  isAdmin(signal: AbortSignal): Promise<boolean>;
  /**
   * Returns once no transaction is open and no server connection is left, with the names; those that PgBouncer does not know are left
   * out. Throws `refused` with who is in its way after `limitMs`, and then lets all clients go on.
   */
  pause(limitMs: number, signal: AbortSignal): Promise<readonly string[]>;
  /** Lets clients go on where they wait; returns the names. It is done even where `pause` was cut off. */
  resume(signal: AbortSignal): Promise<readonly string[]>;
}

/** The console of PgBouncer, and what it is asked for. */
export interface PoolAccess {
  /** Of a role in `admin_users`; the console's database `pgbouncer` is taken whatever the address names. */
  readonly url: string;
  readonly databases: readonly string[];
  readonly clock: Clock;
}

const CONSOLE = "pgbouncer";
/** Longest time for letting clients go on. */
const RESUME_MS = 10_000;
/** Clients that a refusal names. */
const NAMED = 5;

const Databases = z.array(z.object({ name: z.string(), paused: z.coerce.number() }));
const Settings = z.array(z.object({ key: z.string(), value: z.string().nullable() }));
const Clients = z.array(
  z.object({
    user: z.string(),
    database: z.string(),
    addr: z.string(),
    port: z.coerce.number(),
    link: z.string(),
  }),
);

/** Opens the console; each question is a connection of its own. */
export function openPgBouncer({ url, databases, clock }: PoolAccess): ConnectionPool {
  async function look(signal: AbortSignal): Promise<readonly PooledDatabase[]> {
    const known = Databases.parse(await ask(url, "show databases", signal));
    return known
      .filter(({ name }) => databases.includes(name))
      .map(({ name, paused }) => ({ name, isPaused: paused !== 0 }));
  }

  async function resume(signal: AbortSignal): Promise<readonly string[]> {
    const paused = (await look(signal)).filter(({ isPaused }) => isPaused);
    for (const { name } of paused) {
      await ask(url, `resume ${quoted(name)}`, signal);
    }
    return paused.map(({ name }) => name);
  }

  return {
    databases,
    look,
    isAdmin: async (signal) => {
      const user = decodeURIComponent(new URL(url).username);
      const settings = Settings.parse(await ask(url, "show config", signal));
      const admins = settings.find(({ key }) => key === "admin_users")?.value ?? "";
      return admins.split(/[\s,]+/u).includes(user);
    },
    pause: async (limitMs, signal) => {
      // What a killed rollwatch left paused may still wait for a transaction: only an answer to PAUSE says that none is open.
      await resume(signal);
      const known = await look(signal);
      const deadline = clock.deadline(limitMs, signal);
      try {
        for (const { name } of known) {
          await ask(url, `pause ${quoted(name)}`, deadline);
        }
      } catch (error) {
        const clients = deadline.aborted ? await busyClients(url, databases, clock) : [];
        await letGoOn({ resume }, clock);
        signal.throwIfAborted();
        throw deadline.aborted ? refused(clients, limitMs) : error;
      }
      return known.map(({ name }) => name);
    },
    resume,
  };
}

/** Whatever ended the work: a pool that stays paused is an outage. */
export async function letGoOn(
  pool: Pick<ConnectionPool, "resume">,
  clock: Clock,
): Promise<readonly string[]> {
  return pool.resume(clock.deadline(RESUME_MS, new AbortController().signal));
}

async function busyClients(
  url: string,
  databases: readonly string[],
  clock: Clock,
): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const clients = Clients.parse(await ask(url, "show clients", clock.deadline(RESUME_MS, signal)));
  return clients
    .filter(({ database, link }) => databases.includes(database) && link !== "")
    .map(({ user, addr, port }) => `${user} of ${addr}:${port}`);
}

function refused(clients: readonly string[], limitMs: number): Failure {
  const more = clients.length > NAMED ? ` and ${clients.length - NAMED} more` : "";
  return new Failure(
    "refused",
    `PgBouncer could not be paused in ${limitMs / 1000} s, clients are in the middle of transactions: ${clients.slice(0, NAMED).join(", ") || "nobody any more"}${more}`,
    { hint: "Nothing was swapped, and clients go on. End what holds a transaction open." },
  );
}

/** One command of the console, which knows neither parameters nor several commands at once. */
async function ask(url: string, command: string, signal: AbortSignal): Promise<readonly unknown[]> {
  signal.throwIfAborted();
  const socket = new Socket();
  const address = new URL(url);
  address.pathname = `/${CONSOLE}`;
  const client = new Client({
    ...connectionTo(address),
    stream: () => socket,
    connectionTimeoutMillis: CONNECT_MS,
  });
  function end(): void {
    socket.destroy(new Error("aborted"));
  }
  client.on("error", () => undefined);
  signal.addEventListener("abort", end, { once: true });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(command)).rows;
  } catch (error) {
    signal.throwIfAborted();
    throw failed(error, address);
  } finally {
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
}

function failed(error: unknown, { host, password }: URL): Failure {
  const secret = decodeURIComponent(password);
  const message = messageOf(error);
  const text = secret === "" ? message : message.replaceAll(secret, "[redacted]");
  return new Failure("swap-failed", `PgBouncer at ${host} answers: ${text}`, {
    hint: "`database.pgbouncer.url` names its console, with a role of `admin_users`; `rollwatch doctor` looks at it.",
  });
}
