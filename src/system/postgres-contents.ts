import type { Client } from "pg";
import { z } from "zod";
import { quoted } from "./postgres-session.ts";

const ASK_TABLES = `
  select n.nspname as schema, c.relname as table
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
  order by 1, 2`;
const ASK_SEQUENCES = `
  select schemaname || '.' || sequencename as name,
         case when increment_by > 0 then 1 else -1 end as direction,
         coalesce(last_value, start_value)::text as value
  from pg_sequences order by 1`;
const ASK_INVALID = `
  select i.indexrelid::regclass::text as name from pg_index i
  where not i.indisvalid order by 1`;

const Tables = z.array(z.object({ schema: z.string(), table: z.string() }));
const Count = z.object({ count: z.coerce.number() });
const Sequence = z.object({
  name: z.string(),
  /** 1 counts up, -1 down. */
  direction: z.union([z.literal(1), z.literal(-1)]),
  /** Of 64 bits, as text. */
  value: z.string(),
});
export type Sequence = z.infer<typeof Sequence>;
const Names = z.array(z.object({ name: z.string() }));

/** What a database holds. */
export interface Contents {
  readonly rows: Readonly<Record<string, number>>;
  readonly sequences: readonly Sequence[];
  readonly invalidIndexes: readonly string[];
}

/** Counts and looks in the transaction that the client has open. */
export async function readContents(client: Client): Promise<Contents> {
  // Before anything is copied: a sequence obeys no snapshot.
  const sequences = z.array(Sequence).parse((await client.query(ASK_SEQUENCES)).rows);
  const invalid = Names.parse((await client.query(ASK_INVALID)).rows);
  return {
    sequences,
    invalidIndexes: invalid.map(({ name }) => name),
    rows: await countRows(client),
  };
}

async function countRows(client: Client): Promise<Readonly<Record<string, number>>> {
  const tables = Tables.parse((await client.query(ASK_TABLES)).rows);
  const counts: Record<string, number> = {};
  for (const { schema, table } of tables) {
    const sql = `select count(*) from ${quoted(schema)}.${quoted(table)}`;
    counts[`${schema}.${table}`] = Count.parse((await client.query(sql)).rows[0]).count;
  }
  return counts;
}
