import type { Client } from "pg";
import { z } from "zod";
import { Failure, messageOf } from "../model/failure.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { Clock } from "./clock.ts";
import { openDatabase } from "./postgres.ts";
import { BESIDE_PREFIX } from "./postgres-beside.ts";
import { type Holding, readHoldings } from "./postgres-holdings.ts";
import { namelessAddress } from "./postgres-own.ts";
import { quoted, withClient } from "./postgres-session.ts";
import { environmentOf } from "./postgres-source.ts";

/** A file that takes one migration down. */
export interface DownScript {
  /** As it is recorded. */
  readonly name: string;
  /** Its path, for people. */
  readonly file: string;
  readonly sql: string;
}

/** The watched database, or a copy of it by name, as something whose migrations are taken down. */
export interface MigrationDatabase {
  /** The migrations that are recorded, oldest first. Throws `migrations-failed` where there is no such table. */
  applied(copy: string | undefined, signal: AbortSignal): Promise<readonly string[]>;
  /** Its structure. Throws `database-unreachable`. */
  catalogue(copy: string | undefined, signal: AbortSignal): Promise<SchemaCatalogue>;
  /** Every table with its rows and values: all of it is read. */
  holdings(copy: string, signal: AbortSignal): Promise<readonly Holding[]>;
  /** Lets a closed copy be connected to. */
  open(copy: string, signal: AbortSignal): Promise<void>;
  /** Runs the scripts and forgets their migrations, all in one transaction. Throws `migrations-failed`; nothing is changed then. */
  takeDown(
    copy: string | undefined,
    scripts: readonly DownScript[],
    signal: AbortSignal,
  ): Promise<void>;
  /** What a program needs to connect: DATABASE_URL and libpq's variables. Secret. */
  environment(copy: string | undefined): Readonly<Record<string, string>>;
  /** Words of a program without what is secret in the address. */
  redact(text: string): string;
}

/** Whom it connects as, and where migrations are recorded. */
export interface MigrationAccess {
  /** Of the role that migrates. */
  readonly url: string;
  /** Of the application's role, as which structures are read. */
  readonly applicationUrl: string;
  /** Of the role that makes copies. */
  readonly copyingUrl: string;
  /** `name` or `schema.name`. */
  readonly table: string;
  readonly column: string;
  /** The column whose order is that of their application. Default: `column`. */
  readonly orderBy?: string;
  readonly clock: Clock;
}

const APPLICATION = "rollwatch-migrations";
const MAINTENANCE = "postgres";
const Names = z.array(z.object({ name: z.string() }));
const Transaction = z.object({ id: z.string() });
const ASK_TRANSACTION = "select pg_current_xact_id()::text as id";

/** Opens it; each question is a connection of its own. */
export function openMigrations(access: MigrationAccess): MigrationDatabase {
  const { url, applicationUrl, copyingUrl, clock } = access;
  const password = new URL(url).password;
  return {
    applied: async (copy, signal) =>
      withClient(session(url, copy), async (client) => readApplied(client, access), signal),
    catalogue: async (copy, signal) =>
      openDatabase({ url: addressOf(applicationUrl, copy) }, clock).catalogue(signal),
    holdings: async (copy, signal) => withClient(session(url, copy), readHoldings, signal),
    open: async (copy, signal) => {
      const sql = `alter database ${quoted(checked(copy))} allow_connections true`;
      await withClient(
        session(copyingUrl, MAINTENANCE),
        async (client) => client.query(sql),
        signal,
      );
    },
    takeDown: async (copy, scripts, signal) =>
      withClient(session(url, copy), async (client) => takeDown(client, scripts, access), signal),
    environment: (copy) => {
      const address = addressOf(url, copy);
      const nameless = namelessAddress(address).href;
      return { ...environmentOf(address, APPLICATION), DATABASE_URL: nameless };
    },
    redact: (text) =>
      password === ""
        ? text
        : text
            .replaceAll(password, "[redacted]")
            .replaceAll(decodeURIComponent(password), "[redacted]"),
  };
}

function session(
  url: string,
  database: string | undefined,
): { readonly url: string; readonly database?: string; readonly application: string } {
  return { url, application: APPLICATION, ...(database === undefined ? {} : { database }) };
}

function addressOf(url: string, database: string | undefined): string {
  const address = new URL(url);
  if (database !== undefined) {
    address.pathname = `/${encodeURIComponent(database)}`;
  }
  return address.href;
}

async function readApplied(
  client: Client,
  { table, column, orderBy = column }: MigrationAccess,
): Promise<readonly string[]> {
  const sql = `select ${quoted(column)}::text as name from ${named(table)} order by ${quoted(orderBy)}`;
  try {
    return Names.parse((await client.query(sql)).rows).map(({ name }) => name);
  } catch (error) {
    throw failed(`the migrations in ${table} cannot be read: ${messageOf(error)}`);
  }
}

async function takeDown(
  client: Client,
  scripts: readonly DownScript[],
  { table, column }: MigrationAccess,
): Promise<void> {
  await client.query("begin");
  const begun = await transactionOf(client);
  for (const { name, file, sql } of scripts) {
    try {
      await client.query(sql);
    } catch (error) {
      throw failed(`${file}: ${messageOf(error)}`);
    }
    if ((await transactionOf(client)) !== begun) {
      throw failed(`${file} ends the transaction that all of them run in`);
    }
    await client.query(`delete from ${named(table)} where ${quoted(column)}::text = $1`, [name]);
  }
  await client.query("commit");
}

async function transactionOf(client: Client): Promise<string> {
  return Transaction.parse((await client.query(ASK_TRANSACTION)).rows[0]).id;
}

function named(table: string): string {
  return table.split(".").map(quoted).join(".");
}

function failed(message: string): Failure {
  return new Failure("migrations-failed", message, {
    hint: "Check `database.migrations`, and that the role of `database.migrations.down.url` may change these tables.",
  });
}

function checked(copy: string): string {
  if (!copy.startsWith(BESIDE_PREFIX)) {
    throw new Failure("internal", `${JSON.stringify(copy)} is no copy`, {
      hint: "This is a fault of rollwatch: report it.",
    });
  }
  return copy;
}
