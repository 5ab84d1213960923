import type { Socket } from "node:net";
import type { Client } from "pg";
import { z } from "zod";
import type { DatabasePair } from "../model/aside-database.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { DatabaseProperties } from "../model/warm-database.ts";
import type { Clock } from "./clock.ts";
import {
  type DatabaseOnServer,
  dropReplaced,
  type EndedDatabase,
  openedCatalogue,
  readByOid,
} from "./postgres-aside.ts";
import { BESIDE_PREFIX } from "./postgres-beside.ts";
import { readCatalogue } from "./postgres-catalogue.ts";
import { readContents } from "./postgres-contents.ts";
import { type DatabaseHold, openDatabaseHold } from "./postgres-hold.ts";
import { readProperties } from "./postgres-properties.ts";
import { moveSequences, readSequences } from "./postgres-sequences.ts";
import { quoted, type Session, withClient } from "./postgres-session.ts";
import { attemptSwap, type SwapAttempt } from "./postgres-swap-attempt.ts";
import { type Opening, SWAP_LOCK } from "./postgres-swap-message.ts";
import { readSwapObstacles } from "./postgres-swap-obstacles.ts";

/** Which of the two is live, by their OIDs; `foreign` where somebody else renamed or dropped one of them. */
export type Standing = "before" | "after" | "foreign";

/** How the live database looks to the role of the applications. */
export interface LiveView {
  readonly oid: number;
  /** Every table, as `schema.table`. */
  readonly tables: readonly string[];
  /** What became of the attempt to write: into one table that the role may write into, where there is any. */
  readonly writing:
    | { readonly kind: "possible"; readonly table: string }
    | { readonly kind: "no-table" }
    | { readonly kind: "refused"; readonly reason: string };
}

/** Lets two databases of the watched server change places. What goes wrong is a `swap-failed`. */
export interface DatabaseSwap {
  /** The database that the address names. */
  live(signal: AbortSignal): Promise<{ readonly name: string; readonly oid: number }>;
  /** OIDs of databases by name; those that are not there are left out. */
  oidsOf(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  properties(name: string, signal: AbortSignal): Promise<DatabaseProperties>;
  look(pair: DatabasePair, signal: AbortSignal): Promise<Standing>;
  /** What stands in the way of the swap, as sentences; empty where nothing does. Changes nothing. */
  obstacles(
    pair: DatabasePair,
    systemIdentifier: string | null,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Opens the database that waits for `work`, to two sessions, and closes it again. */
  whileOpen<T>(name: string, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Rows by `schema.table`. */
  countRows(name: string, signal: AbortSignal): Promise<Readonly<Record<string, number>>>;
  /** Moves the next one's sequences past the live one's. Returns how many. */
  moveSequences(pair: DatabasePair, signal: AbortSignal): Promise<number>;
  /** One attempt: ends the sessions that may be ended, and swaps both names in one transaction, or nothing. */
  swap(pair: DatabasePair, opening: Opening, signal: AbortSignal): Promise<SwapAttempt>;
  /** Whether no swap is under way at the server: what the names are is final then, whatever became of its connection. */
  isSettled(signal: AbortSignal): Promise<boolean>;
  /** A lock on the server for a whole recovery, not held yet. */
  openHold(): DatabaseHold;
  /** pg_current_snapshot() of this moment as text: what is written later, in any database of the server, is not in it. */
  moment(signal: AbortSignal): Promise<string>;
  /** The live database from a new connection of the application's role. */
  view(name: string, signal: AbortSignal): Promise<LiveView>;
  /** The databases with these OIDs, whatever their names are by now. */
  byOid(oids: readonly number[], signal: AbortSignal): Promise<readonly DatabaseOnServer[]>;
  /** The structure of a kept database as it is once it is live again. Throws `database-unreachable`. */
  keptCatalogue(
    name: string,
    opening: Pick<Opening, "settings">,
    signal: AbortSignal,
  ): Promise<SchemaCatalogue>;
  /** Drops one that a swap has replaced; false where there is none any more. Throws `refused` where it is not safe. */
  drop(database: EndedDatabase, signal: AbortSignal): Promise<boolean>;
}

/** Whom it connects as, and whose sessions it may end. */
export interface SwapAccess {
  /** Of the role that may rename. */
  readonly url: string;
  /** Of the application's role. */
  readonly applicationUrl: string;
  /** Roles or application_names beside the application's role. */
  readonly mayEnd: readonly string[];
  readonly clock: Clock;
}

const MAINTENANCE = "postgres";
/** Sessions that a waiting database takes while it is looked at: rollwatch's, and its pg_dump's. The swap gives it the limit that it had. */
const VISITORS = 2;

const ASK_LIVE =
  "select datname as name, oid::int8 as oid from pg_database where datname = current_database()";
const ASK_OIDS =
  "select datname as name, oid::int8 as oid from pg_database where datname = any($1::text[])";
const ASK_STANDING = `
  select exists (select from pg_database where oid = $1 and datname = $2)
     and exists (select from pg_database where oid = $3 and datname = $4) as stands`;
/** One that the role may write into. */
const ASK_WRITABLE = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'insert, update, delete')
  limit 1`;
const ASK_TABLES = `
  select n.nspname || '.' || c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
const ASK_CLOSED = "select not datallowconn as closed from pg_database where datname = $1";

/** Held by the transaction of a swap to its end; this session gives it back with its own. */
const TRY_SWAP_LOCK = `select pg_try_advisory_lock(${SWAP_LOCK}) as held`;
const ASK_MOMENT = "select pg_current_snapshot()::text as moment";

const Held = z.object({ held: z.boolean() });
const Moment = z.object({ moment: z.string() });
const Named = z.array(z.object({ name: z.string(), oid: z.coerce.number() }));
const Stands = z.object({ stands: z.boolean() });
const Names = z.array(z.object({ name: z.string() }));
const Closed = z.object({ closed: z.boolean() });

/** Opens the swap; each question is a connection of its own. Throws `config-invalid` when an address is none. */
export function openDatabaseSwap(access: SwapAccess): DatabaseSwap {
  const { url, applicationUrl, clock } = access;
  const outside: Session = { url, database: MAINTENANCE };
  const application = decodeURIComponent(new URL(applicationUrl).username);
  // An address without a user names nobody: an empty name would be that of every session without an application_name.
  const mayEnd = [application, ...access.mayEnd].filter((name) => name !== "");

  return {
    ...questionsOf({ url, outside }),
    ...keptOnes({ url, outside, clock }),
    obstacles: async (pair, systemIdentifier, signal) =>
      ask(
        outside,
        async (client) => readSwapObstacles(client, { pair, systemIdentifier, mayEnd }),
        signal,
      ),
    moveSequences: async (pair, signal) =>
      ask(outside, async (client) => moveIn(client, { url, pair }, signal), signal),
    swap: async (pair, opening, signal) =>
      retold(async () => attemptSwap({ outside, pair, opening, mayEnd, clock }, signal), signal),
    openHold: () => openDatabaseHold(url, clock),
    whileOpen: async (name, work, signal) =>
      ask(outside, async (client) => whileOpen(client, name, work), signal),
    view: async (name, signal) => ask({ url: applicationUrl, database: name }, viewAs, signal),
  };
}

interface Places {
  readonly url: string;
  readonly outside: Session;
}

/** What only looks. */
function questionsOf({
  url,
  outside,
}: Places): Pick<
  DatabaseSwap,
  "live" | "oidsOf" | "properties" | "look" | "isSettled" | "moment" | "countRows"
> {
  return {
    live: async (signal) =>
      ask(
        { url },
        async (client) => Named.element.parse((await client.query(ASK_LIVE)).rows[0]),
        signal,
      ),
    oidsOf: async (names, signal) =>
      ask(outside, async (client) => readOids(client, names), signal),
    properties: async (name, signal) =>
      ask(outside, async (client) => readProperties(client, name), signal),
    look: async (pair, signal) => ask(outside, async (client) => lookAt(client, pair), signal),
    isSettled: async (signal) =>
      ask(
        outside,
        async (client) => Held.parse((await client.query(TRY_SWAP_LOCK)).rows[0]).held,
        signal,
      ),
    moment: async (signal) =>
      ask(
        outside,
        async (client) => Moment.parse((await client.query(ASK_MOMENT)).rows[0]).moment,
        signal,
      ),
    countRows: async (name, signal) =>
      ask({ url, database: name }, async (client) => (await readContents(client)).rows, signal),
  };
}

/** About databases that swaps have replaced. */
function keptOnes({
  url,
  outside,
  clock,
}: Places & Pick<SwapAccess, "clock">): Pick<DatabaseSwap, "byOid" | "keptCatalogue" | "drop"> {
  return {
    byOid: async (oids, signal) => ask(outside, async (client) => readByOid(client, oids), signal),
    keptCatalogue: async (name, opening, signal) => {
      const address = new URL(url);
      const password = decodeURIComponent(address.password);
      address.pathname = `/${encodeURIComponent(name)}`;
      const connections = { url: address.href, password, clock, sockets: new Set<Socket>() };
      return openedCatalogue(await readCatalogue(connections, signal), opening);
    },
    drop: async (database, signal) =>
      ask(outside, async (client) => dropReplaced(client, database), signal),
  };
}

async function ask<T>(
  session: Session,
  use: (client: Client) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return retold(async () => withClient(session, use, signal), signal);
}

async function readOids(
  client: Client,
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = Named.parse((await client.query(ASK_OIDS, [names])).rows);
  return new Map(found.map(({ name, oid }) => [name, oid]));
}

async function moveIn(
  client: Client,
  { url, pair }: { readonly url: string; readonly pair: DatabasePair },
  signal: AbortSignal,
): Promise<number> {
  const { live, next } = pair;
  const past = await withClient({ url, database: live }, readSequences, signal);
  return whileOpen(client, next.name, async () =>
    withClient({ url, database: next.name }, async (inside) => moveSequences(inside, past), signal),
  );
}

async function lookAt(client: Client, { live, replaced, next }: DatabasePair): Promise<Standing> {
  async function stands(first: string, second: string): Promise<boolean> {
    const { rows } = await client.query(ASK_STANDING, [replaced.oid, first, next.oid, second]);
    return Stands.parse(rows[0]).stands;
  }
  if (await stands(live, next.name)) {
    return "before";
  }
  return (await stands(replaced.name, live)) ? "after" : "foreign";
}

/** A kept database is open; a waiting one lets nobody in: it is opened to rollwatch's own sessions for the work, and closed again, also where a rollwatch that was killed left it open. */
async function whileOpen<T>(client: Client, name: string, work: () => Promise<T>): Promise<T> {
  const { closed } = Closed.parse((await client.query(ASK_CLOSED, [name])).rows[0]);
  if (!closed && !name.startsWith(BESIDE_PREFIX)) {
    return work();
  }
  await client.query(
    `alter database ${quoted(name)} connection limit ${VISITORS}; alter database ${quoted(name)} allow_connections true`,
  );
  try {
    return await work();
  } finally {
    await client.query(`alter database ${quoted(name)} allow_connections false`);
  }
}

/** Whether the role may write here is proven by a lock that only writers may have, and given back at once. */
async function viewAs(client: Client): Promise<LiveView> {
  const { oid } = Named.element.parse((await client.query(ASK_LIVE)).rows[0]);
  // The session's own setting would hide that of the database.
  await client.query("reset default_transaction_read_only");
  const tables = Names.parse((await client.query(ASK_TABLES)).rows).map(({ name }) => name);
  return { oid, tables, writing: await tryWriting(client) };
}

async function tryWriting(client: Client): Promise<LiveView["writing"]> {
  const [table] = Names.parse((await client.query(ASK_WRITABLE)).rows);
  if (table === undefined) {
    return { kind: "no-table" };
  }
  try {
    await client.query(`begin; lock table ${table.name} in row exclusive mode; rollback`);
    return { kind: "possible", table: table.name };
  } catch (error) {
    return { kind: "refused", reason: messageOf(error) };
  }
}

async function retold<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === "refused") {
      throw error;
    }
    throw new Failure("swap-failed", messageOf(error), {
      hint: "`rollwatch doctor` prints the SQL for the role of `database.rollback.url`. Which database is live is told by their OIDs: a swap happened as a whole, or not at all.",
      cause: error,
    });
  }
}
