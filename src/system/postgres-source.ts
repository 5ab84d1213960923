import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import type { Ids } from "./ids.ts";
import { type Contents, readContents } from "./postgres-contents.ts";
import { givingWay, ownSessions } from "./postgres-give-way.ts";
import { sessionName } from "./postgres-own.ts";
import { CONNECT_MS, quoted, type Session, withClient } from "./postgres-session.ts";

/** Facts about the watched database that belong into a dump's manifest. */
export interface DatabaseFacts {
  readonly database: string;
  /** null where this role may not read it. */
  readonly systemIdentifier: string | null;
  readonly serverVersion: string;
  readonly serverMajor: number;
  readonly bytes: number;
  /** Sessions of others on it, as `user program`. */
  readonly sessions: readonly string[];
}

/** A moment of the database that stands while it is used. */
export interface Snapshot extends Contents {
  /** Its exported name, for pg_dump. */
  readonly name: string;
  /** `pg_current_snapshot()` as text. */
  readonly xids: string;
}

/** The watched database as something to make copies of. What goes wrong is a `dump-failed`. */
export interface DatabaseSource {
  facts(signal: AbortSignal): Promise<DatabaseFacts>;
  /**
   * Exports a snapshot, counts every table in it, and keeps it open until `use` is over. All of it gives way to whoever waits
   * for a lock of this session or of a program that was started with `environment`: the signal that `use` gets aborts then.
   */
  withSnapshot<T>(
    use: (snapshot: Snapshot, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /**
   * `create database … template …`: refused by the server while another session uses the source. It gives way to whoever
   * comes meanwhile.
   */
  clone(name: string, signal: AbortSignal): Promise<void>;
  /** Drops a clone of that name; one that is gone is fine. */
  dropClone(name: string, signal: AbortSignal): Promise<void>;
  /** The connection as libpq's variables, its application_name among them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Every clone is named so; nothing else is ever dropped. */
export const CLONE_PREFIX = "rollwatch_";
const LONGEST_NAME_BYTES = 63;
/** Where databases are copied from: whoever connects to one that is copied waits for the end of that. */
const MAINTENANCE = "postgres";

const ASK_FACTS = `
  select current_database() as database,
         current_setting('server_version') as version,
         current_setting('server_version_num')::int / 10000 as major,
         pg_database_size(current_database())::float8 as bytes,
         array(select usename || ' ' || application_name from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()) as sessions`;
const ASK_SYSTEM = "select system_identifier::text as id from pg_control_system()";

const Facts = z.object({
  database: z.string(),
  version: z.string(),
  major: z.number(),
  bytes: z.number(),
  sessions: z.array(z.string().nullable()),
});
const Exported = z.object({ name: z.string(), xids: z.string() });
const SystemIdentifier = z.object({ id: z.string() });

/** Opens the database of an address; one connection per question. Throws `config-invalid` when the address is none. */
export function openDatabaseSource(
  url: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
): DatabaseSource {
  const own = ownSessions({ url, purpose: "rollwatch-dump" }, ports);
  const outside = ownSessions({ url, database: MAINTENANCE, purpose: "rollwatch-clone" }, ports);
  const { application } = own;
  const environment = environmentOf(url, application);
  return {
    facts: async (signal) => withClient({ url }, readFacts, signal),
    withSnapshot: async (use, signal) =>
      givingWay(own, async (limited) => withSnapshot({ url, application }, use, limited), signal),
    clone: async (name, signal) => {
      const source = environment["PGDATABASE"] ?? "";
      const sql = `create database ${quoted(checked(name))} template ${quoted(source)}`;
      const session = { url, database: MAINTENANCE, application: outside.application };
      await givingWay(
        outside,
        async (limited) => withClient(session, async (client) => client.query(sql), limited),
        signal,
      );
    },
    dropClone: async (name, signal) => {
      const sql = `drop database if exists ${quoted(checked(name))}`;
      await withClient({ url, database: MAINTENANCE }, async (client) => client.query(sql), signal);
    },
    environment,
  };
}

async function withSnapshot<T>(
  session: Session,
  use: (snapshot: Snapshot, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  async function read(client: Client): Promise<T> {
    await client.query("begin isolation level repeatable read read only");
    const exported = await client.query(
      "select pg_export_snapshot() as name, pg_current_snapshot()::text as xids",
    );
    const { name, xids } = Exported.parse(exported.rows[0]);
    return use({ name, xids, ...(await readContents(client)) }, signal);
  }
  return withClient(session, read, signal);
}

async function readFacts(client: Client): Promise<DatabaseFacts> {
  const { rows } = await client.query(ASK_FACTS);
  const { database, version, major, bytes, sessions } = Facts.parse(rows[0]);
  const system = await client.query(ASK_SYSTEM).catch(() => undefined);
  const identifier = SystemIdentifier.safeParse(system?.rows[0]);
  return {
    database,
    systemIdentifier: identifier.success ? identifier.data.id : null,
    serverVersion: version,
    serverMajor: major,
    bytes,
    sessions: sessions.map((one) => one ?? "somebody").toSorted(),
  };
}

/** Parameters of an address that libpq takes from its environment. */
const PARAMETERS: Readonly<Record<string, string>> = {
  host: "PGHOST",
  port: "PGPORT",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  options: "PGOPTIONS",
};

/** The connection of an address as libpq's variables; the tag of the address follows `application`. */
export function environmentOf(url: string, application: string): Readonly<Record<string, string>> {
  const address = new URL(url);
  const parameters = [...address.searchParams].flatMap(([name, value]) => {
    const variable = PARAMETERS[name];
    return variable === undefined ? [] : [[variable, value] as const];
  });
  const host = decodeURIComponent(address.hostname).replaceAll(/^\[|\]$/gu, "");
  const given = {
    PGHOST: host,
    PGPORT: address.port,
    PGUSER: decodeURIComponent(address.username),
    PGPASSWORD: decodeURIComponent(address.password),
    PGDATABASE: decodeURIComponent(address.pathname.slice(1)),
    PGAPPNAME: sessionName(url, application),
    PGCONNECT_TIMEOUT: String(CONNECT_MS / 1000),
    ...Object.fromEntries(parameters),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}

/** PostgreSQL cuts a longer name with no more than a notice, and two clones would be one. */
function checked(name: string): string {
  if (!name.startsWith(CLONE_PREFIX) || Buffer.byteLength(name) > LONGEST_NAME_BYTES) {
    throw new Failure("dump-failed", `${JSON.stringify(name)} is no name for a clone`, {
      hint: "This is a fault of rollwatch: report it.",
    });
  }
  return name;
}
