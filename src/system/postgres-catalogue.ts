import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { SchemaCatalogue } from "../model/schema-catalogue.ts";
import { CATALOGUE_QUERIES } from "./postgres-catalogue-queries.ts";
import { type Connections, describe, inSession } from "./postgres-connection.ts";

/** A database of some thousand tables is read in less than a second; the application must not be kept waiting for longer. */
const QUERY_MS = 5000;
/** Some tens of thousands of columns. */
const MAX_BYTES = 64 * 1024 * 1024;

const ASK_VERSION =
  "select json_build_object('format', 1, 'serverMajor', current_setting('server_version_num')::int / 10000) as one";

/** PostgreSQL's own tables are seldom analysed, least of all in a database that was just restored: without this it reads them whole for each table. */
const PREPARE = `
  set local search_path = '';
  set local jit = off;
  set local enable_seqscan = off`;

const Rows = z.array(z.object({ one: z.unknown() }));

/**
 * Reads the structure of the database at one moment; every role may. Throws `database-unreachable` when it does not answer, takes
 * too long or is too large. What another session alters meanwhile may be read as it is afterwards, or refuse to be read.
 */
export async function readCatalogue(
  connections: Connections,
  signal: AbortSignal,
): Promise<SchemaCatalogue> {
  try {
    const limits = { timeoutMs: QUERY_MS, maxBytes: MAX_BYTES };
    return await inSession(connections, limits, async (client) => readAll(client), signal);
  } catch (error) {
    signal.throwIfAborted();
    const { detail } = describe(error, connections.password);
    throw new Failure("database-unreachable", `the schema could not be read: ${detail}`, {
      hint: "Check `database.url`; if a migration is running, wait for its end.",
    });
  }
}

async function readAll(client: Client): Promise<SchemaCatalogue> {
  await client.query("begin isolation level repeatable read read only");
  await client.query(PREPARE);
  const [head] = await listOf(client, ASK_VERSION);
  const lists: Record<string, readonly unknown[]> = {};
  for (const [name, query] of Object.entries(CATALOGUE_QUERIES)) {
    lists[name] = await listOf(client, query);
  }
  await client.query("commit");
  return SchemaCatalogue.parse(Object.assign({}, head, lists));
}

async function listOf(client: Client, query: string): Promise<readonly unknown[]> {
  const { rows } = await client.query(query);
  return Rows.parse(rows).map(({ one }) => one);
}
