import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import type { DatabaseProperties } from "../model/warm-database.ts";
import { type Contents, readContents } from "./postgres-contents.ts";
import type { Clock } from "./clock.ts";
import type { Ids } from "./ids.ts";
import { givingWay, type OwnSessions, ownSessions } from "./postgres-give-way.ts";
import { copyProperties } from "./postgres-properties.ts";
import { type CopyWay, readRefusals } from "./postgres-refusals.ts";
import { quoted, type Session, withClient } from "./postgres-session.ts";

/** The watched database as its cluster knows it. */
export interface LiveDatabase {
  readonly name: string;
  readonly oid: number;
  readonly owner: string;
  /** Where the server keeps its files on this machine; null where the role may not know, or where it is another machine. */
  readonly dataDirectory: string | null;
}

/** Databases that rollwatch makes beside the live one. What goes wrong is a `dump-failed`. */
export interface DatabasesBeside {
  live(signal: AbortSignal): Promise<LiveDatabase>;
  /** What stands in the way of a copy, as sentences; empty where nothing does. Changes nothing. */
  refusals(way: CopyWay, signal: AbortSignal): Promise<readonly string[]>;
  /** The OID of a database; undefined where there is none of that name. */
  oidOf(name: string, signal: AbortSignal): Promise<number | undefined>;
  /** A copy of the live one's files; refused by the server while anybody uses it, and given up for who comes meanwhile. Returns its OID. */
  clone(name: string, signal: AbortSignal): Promise<number>;
  /** An empty one with the live one's encoding, locale, tablespace and owner, for its owner alone. Returns its OID. */
  create(name: string, signal: AbortSignal): Promise<number>;
  /** Gives it the live one's properties; they are compared afterwards. */
  copyProperties(name: string, signal: AbortSignal): Promise<DatabaseProperties>;
  analyze(name: string, signal: AbortSignal): Promise<void>;
  /** What it holds. */
  look(name: string, signal: AbortSignal): Promise<Contents>;
  /** Lets nobody connect to it any more. */
  close(name: string, signal: AbortSignal): Promise<void>;
  /** Drops it, if that name still has that OID; null trusts the name. One that is gone is fine. */
  drop(database: MadeDatabase, signal: AbortSignal): Promise<"dropped" | "gone" | "not-ours">;
}

/** One that rollwatch made. */
export interface MadeDatabase {
  readonly name: string;
  /** null where it was not learnt before a kill. */
  readonly oid: number | null;
}

/** Everything that rollwatch makes beside the live database is named so; nothing else is ever dropped. */
export const BESIDE_PREFIX = "rollwatch_snap_";
const LONGEST_NAME_BYTES = 63;
/** Where databases are made and dropped from. */
const MAINTENANCE = "postgres";
const DEFAULT_TABLESPACE = "pg_default";

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]|)$/u;

const ASK_LIVE = `
  select d.datname as name, d.oid::int8 as oid, pg_get_userbyid(d.datdba) as owner,
         case when pg_has_role('pg_read_all_settings', 'usage') then current_setting('data_directory') end as "dataDirectory"
  from pg_database d where d.datname = current_database()`;
const ASK_OID = "select oid::int8 as oid from pg_database where datname = $1";
const ASK_DEFINITION = `
  select to_jsonb(d) as row, pg_encoding_to_char(d.encoding) as encoding,
         pg_get_userbyid(d.datdba) as owner, t.spcname as tablespace
  from pg_database d join pg_tablespace t on t.oid = d.dattablespace where d.datname = current_database()`;
const ASK_MAJOR = "select current_setting('server_version_num')::int / 10000 as major";

const Live = z.object({
  name: z.string(),
  oid: z.coerce.number(),
  owner: z.string(),
  dataDirectory: z.string().nullable(),
});
const Oid = z.object({ oid: z.coerce.number() });
const Major = z.object({ major: z.number() });
/** Columns of pg_database that only some versions have are absent elsewhere. */
const Definition = z.object({
  encoding: z.string(),
  owner: z.string(),
  tablespace: z.string(),
  row: z.object({
    datcollate: z.string(),
    datctype: z.string(),
    datlocprovider: z.string().optional(),
    daticulocale: z.string().nullish(),
    datlocale: z.string().nullish(),
    daticurules: z.string().nullish(),
  }),
});

/** Makes databases beside the one that the address names. */
export function openDatabasesBeside(
  url: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
): DatabasesBeside {
  const live: Session = { url };
  const outside: Session = { url, database: MAINTENANCE };
  return {
    live: async (signal) => {
      const found = await withClient(live, readLive, signal);
      return LOOPBACK.test(new URL(url).hostname) ? found : { ...found, dataDirectory: null };
    },
    refusals: async (way, signal) =>
      withClient(live, async (client) => readRefusals(client, way), signal),
    oidOf: async (name, signal) =>
      withClient(outside, async (client) => readOid(client, name), signal),
    clone: cloningOf(
      { live, outside },
      ownSessions({ url, database: MAINTENANCE, purpose: "rollwatch-clone" }, ports),
    ),
    create: async (name, signal) => createEmpty({ live, outside }, checked(name), signal),
    copyProperties: async (name, signal) => {
      const { name: source } = await withClient(live, readLive, signal);
      return withClient(
        outside,
        async (client) => copyProperties(client, source, checked(name)),
        signal,
      );
    },
    analyze: async (name, signal) => {
      await withClient({ url, database: name }, async (client) => client.query("analyze"), signal);
    },
    look: async (name, signal) => withClient({ url, database: name }, readContents, signal),
    close: async (name, signal) => {
      const sql = `alter database ${quoted(checked(name))} allow_connections false`;
      await withClient(outside, async (client) => client.query(sql), signal);
    },
    drop: async (database, signal) =>
      withClient(outside, async (client) => drop(client, database), signal),
  };
}

async function readLive(client: Client): Promise<LiveDatabase> {
  return Live.parse((await client.query(ASK_LIVE)).rows[0]);
}

interface Places {
  readonly live: Session;
  readonly outside: Session;
}

async function createEmpty(
  { live, outside }: Places,
  name: string,
  signal: AbortSignal,
): Promise<number> {
  const definition = await withClient(live, readDefinition, signal);
  return withClient(
    outside,
    async (client) => {
      await client.query(createSql(name, definition));
      await client.query(`revoke all on database ${quoted(name)} from public`);
      return requireOid(client, name);
    },
    signal,
  );
}

/** Whoever connects to the live one meanwhile would wait for its end. */
function cloningOf({ live, outside }: Places, own: OwnSessions): DatabasesBeside["clone"] {
  return async (name, signal) => {
    const { name: source } = await withClient(live, readLive, signal);
    const session = { ...outside, application: own.application };
    return givingWay(
      own,
      async (limited) =>
        withClient(session, async (client) => clone(client, checked(name), source), limited),
      signal,
    );
  };
}

async function clone(client: Client, name: string, source: string): Promise<number> {
  const { major } = Major.parse((await client.query(ASK_MAJOR)).rows[0]);
  // Before version 15 it was the only way, and had no name.
  const strategy = major >= 15 ? " strategy file_copy" : "";
  await client.query(`create database ${quoted(name)} template ${quoted(source)}${strategy}`);
  return requireOid(client, name);
}

async function readDefinition(client: Client): Promise<z.infer<typeof Definition>> {
  return Definition.parse((await client.query(ASK_DEFINITION)).rows[0]);
}

function createSql(
  name: string,
  { encoding, owner, tablespace, row }: z.infer<typeof Definition>,
): string {
  const locale = row.datlocale ?? row.daticulocale;
  const provider = { i: "icu", b: "builtin" }[row.datlocprovider ?? "c"];
  return [
    `create database ${quoted(name)} template template0 encoding ${literal(encoding)}`,
    `lc_collate ${literal(row.datcollate)} lc_ctype ${literal(row.datctype)}`,
    ...(provider === undefined || locale === undefined || locale === null
      ? []
      : [`locale_provider ${provider} ${provider}_locale ${literal(locale)}`]),
    ...(typeof row.daticurules === "string" ? [`icu_rules ${literal(row.daticurules)}`] : []),
    // Nobody but a superuser may name the default one.
    ...(tablespace === DEFAULT_TABLESPACE ? [] : [`tablespace ${quoted(tablespace)}`]),
    `owner ${quoted(owner)}`,
  ].join(" ");
}

async function drop(
  client: Client,
  { name, oid }: MadeDatabase,
): Promise<"dropped" | "gone" | "not-ours"> {
  const found = await readOid(client, checked(name));
  if (found === undefined) {
    return "gone";
  }
  if (oid !== null && found !== oid) {
    return "not-ours";
  }
  // What a killed pg_restore left on the server may still be connected.
  await client.query(`drop database ${quoted(name)} with (force)`);
  return "dropped";
}

async function readOid(client: Client, name: string): Promise<number | undefined> {
  const { rows } = await client.query(ASK_OID, [name]);
  return rows.length === 0 ? undefined : Oid.parse(rows[0]).oid;
}

async function requireOid(client: Client, name: string): Promise<number> {
  return Oid.parse((await client.query(ASK_OID, [name])).rows[0]).oid;
}

/** PostgreSQL cuts a longer name with no more than a notice. */
function checked(name: string): string {
  if (!name.startsWith(BESIDE_PREFIX) || Buffer.byteLength(name) > LONGEST_NAME_BYTES) {
    throw new Failure("dump-failed", `${JSON.stringify(name)} is no name for a warm database`, {
      hint: "This is a fault of rollwatch: report it.",
    });
  }
  return name;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
