import { messageOf } from "../model/failure.ts";
import type { InitPorts, Migrations } from "./init-ports.ts";

/** Variables, and where they were found. */
export interface Variables {
  /** Such as `the environment of api` or `.env`. */
  readonly from: string;
  readonly values: Readonly<Record<string, string>>;
}

/** A database that the application seems to use. */
export interface FoundDatabase {
  /** The variable that is to hold its address. */
  readonly variable: string;
  /** With its password. Secret. */
  readonly url: string;
  /** Without password and query. */
  readonly address: string;
  readonly from: string;
  readonly answer:
    | { readonly kind: "answers"; readonly version: string; readonly migrations?: KnownMigrations }
    | { readonly kind: "fails"; readonly reason: string };
}

interface KnownMigrations extends Migrations {
  /** Such as `003_summary (3)`. */
  readonly revision: string;
}

const USUAL = "DATABASE_URL";
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/u;
const POSTGRES = /^postgres(?:ql)?:\/\//u;

/** Where well-known tools record migrations, with the column that names one. */
const MIGRATIONS: readonly Migrations[] = [
  { table: "schema_migrations", column: "name" },
  { table: "schema_migrations", column: "version" },
  { table: "knex_migrations", column: "name" },
  { table: "pgmigrations", column: "name" },
  { table: "_prisma_migrations", column: "migration_name" },
  { table: "migrations", column: "name" },
  { table: "migrations", column: "migration" },
  { table: "SequelizeMeta", column: "name" },
];

/** The lines `NAME=value` of a file for environment variables. */
export function readVariables(text: string): Readonly<Record<string, string>> {
  const lines = text.split("\n").flatMap((line) => {
    const [, name, value = ""] =
      /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/u.exec(line) ?? [];
    const plain = /^(["'])(.*)\1$/u.exec(value)?.[2] ?? value;
    return name === undefined ? [] : [[name, plain] as const];
  });
  return Object.fromEntries(lines);
}

/** The database in the first of the places that names one; asked for its version and migrations, nothing is changed. */
export async function findDatabase(
  ports: Pick<InitPorts, "openDatabase">,
  places: readonly Variables[],
  signal: AbortSignal,
): Promise<FoundDatabase | undefined> {
  for (const { from, values } of places) {
    const found = addressIn(values);
    if (found !== undefined) {
      const answer = await ask(ports, found.url, signal);
      return { ...found, from, address: tellAddress(found.url), answer };
    }
  }
  return undefined;
}

/** `15.18` of what a distribution makes of it. */
export function shortVersion(version: string): string {
  return version.split(" ")[0] ?? version;
}

function addressIn(
  values: Readonly<Record<string, string>>,
): { readonly variable: string; readonly url: string } | undefined {
  const urls = Object.entries(values)
    .filter(([name, value]) => NAME.test(name) && POSTGRES.test(value) && URL.canParse(value))
    .toSorted(([one], [other]) => Number(other === USUAL) - Number(one === USUAL));
  const [first] = urls;
  if (first !== undefined) {
    return { variable: first[0], url: first[1] };
  }
  const url = addressOfParts(values);
  return url === undefined ? undefined : { variable: USUAL, url };
}

/** libpq's own variables. */
function addressOfParts(values: Readonly<Record<string, string>>): string | undefined {
  const { PGHOST, PGPORT = "", PGUSER = "", PGPASSWORD = "", PGDATABASE = PGUSER } = values;
  if (PGHOST === undefined && values["PGDATABASE"] === undefined) {
    return undefined;
  }
  const url = new URL("postgresql://localhost/");
  url.port = PGPORT;
  url.username = PGUSER;
  url.password = PGPASSWORD;
  url.pathname = `/${PGDATABASE}`;
  if (PGHOST?.startsWith("/") === true) {
    url.searchParams.set("host", PGHOST);
  } else if (PGHOST !== undefined) {
    url.hostname = PGHOST;
  }
  return url.href;
}

function tellAddress(text: string): string {
  const url = new URL(text);
  const user = url.username === "" ? "" : `${url.username}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}`;
}

async function ask(
  ports: Pick<InitPorts, "openDatabase">,
  url: string,
  signal: AbortSignal,
): Promise<FoundDatabase["answer"]> {
  const database = ports.openDatabase(url);
  try {
    const answer = await database.check(signal);
    if (answer.kind === "fails") {
      return { kind: "fails", reason: answer.detail };
    }
    const migrations = await findMigrations(ports, url, signal);
    const known = migrations === undefined ? {} : { migrations };
    return { kind: "answers", version: answer.version, ...known };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "fails", reason: messageOf(error) };
  } finally {
    await database.close();
  }
}

async function findMigrations(
  ports: Pick<InitPorts, "openDatabase">,
  url: string,
  signal: AbortSignal,
): Promise<KnownMigrations | undefined> {
  for (const migrations of MIGRATIONS) {
    const database = ports.openDatabase(url, migrations);
    try {
      const revision = await database.schemaRevision(signal);
      if (revision !== null) {
        return { ...migrations, revision };
      }
    } catch {
      // Another tool's table of the same name has other columns.
      signal.throwIfAborted();
    } finally {
      await database.close();
    }
  }
  return undefined;
}
