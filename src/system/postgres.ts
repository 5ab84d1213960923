import { Failure } from "../model/failure.ts";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";
import type { Clock } from "./clock.ts";
import { askActivity, type DatabaseActivity } from "./postgres-activity.ts";
import { readCatalogue } from "./postgres-catalogue.ts";
import { checkDatabase, type DatabaseAnswer } from "./postgres-check.ts";
import { ask, type Connections, describe, passwordOf } from "./postgres-connection.ts";
import { countRows, type RowCount } from "./postgres-rows.ts";

/** The watched database: looked at, never changed. */
export interface Database {
  /** Whether it answers and takes writes, and who holds its connections; on a connection of its own, with deadlines on connect and query. */
  check(signal: AbortSignal): Promise<DatabaseAnswer>;
  /** The newest applied migration and their number, such as `003_summary (3)`; null when the table does not exist. */
  schemaRevision(signal: AbortSignal): Promise<string | null>;
  /** Its structure as it is now. Throws `database-unreachable` when it does not answer in time. */
  catalogue(signal: AbortSignal): Promise<SchemaCatalogue>;
  /** What its sessions do, by one query on a connection of its own. */
  activity(signal: AbortSignal): Promise<DatabaseActivity>;
  /** Counts the rows of tables, `name` or `schema.name`, in the order asked. Throws when the database does not answer. */
  rowCounts(tables: readonly string[], signal: AbortSignal): Promise<readonly RowCount[]>;
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
      return checkDatabase(connections, signal);
    },
    async schemaRevision(signal) {
      const { migrations } = settings;
      return migrations === undefined ? null : schemaRevision(connections, migrations, signal);
    },
    async catalogue(signal) {
      return readCatalogue(connections, signal);
    },
    async activity(signal) {
      return askActivity(connections, signal);
    },
    async rowCounts(tables, signal) {
      return countRows(connections, tables, signal);
    },
    async close() {
      for (const socket of connections.sockets) {
        socket.destroy(new Error("the database was closed"));
      }
    },
  };
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

function revisionQuery(migrations: Migrations): string {
  const table = migrations.table.split(".").map(quoted).join(".");
  const column = quoted(migrations.column);
  return `select max(${column})::text as newest, count(*)::text as applied from ${table}`;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
