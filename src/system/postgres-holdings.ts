import type { Client } from "pg";
import { z } from "zod";
import { quoted } from "./postgres-session.ts";

/** What one table holds. */
export interface Holding {
  /** `schema.name`. */
  readonly table: string;
  readonly rows: number;
  readonly columns: readonly HeldColumn[];
}

interface HeldColumn {
  readonly name: string;
  /** Those that are not null. */
  readonly values: number;
  /** Over all values as text, in whatever order. */
  readonly digest: string;
}

const ASK_TABLES = `
  select n.nspname as schema, c.relname as table,
         array(select a.attname::text from pg_attribute a
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
  order by 1, 2`;

const Tables = z.array(
  z.object({ schema: z.string(), table: z.string(), columns: z.array(z.string()) }),
);
const Held = z.object({
  rows: z.coerce.number(),
  counts: z.array(z.coerce.number()),
  digests: z.array(z.string().nullable()),
});

/** Reads every table whole: for a copy that nobody waits for. */
export async function readHoldings(client: Client): Promise<readonly Holding[]> {
  const tables = Tables.parse((await client.query(ASK_TABLES)).rows);
  const holdings: Holding[] = [];
  for (const { schema, table, columns } of tables) {
    const { rows } = await client.query(askHeld(schema, table, columns));
    const held = Held.parse(rows[0]);
    holdings.push({
      table: `${schema}.${table}`,
      rows: held.rows,
      columns: columns.map((name, index) => ({
        name,
        values: held.counts[index] ?? 0,
        digest: held.digests[index] ?? "",
      })),
    });
  }
  return holdings;
}

function askHeld(schema: string, table: string, columns: readonly string[]): string {
  const counts = columns.map((name) => `count(${quoted(name)})`);
  const digests = columns.map((name) => `sum(hashtextextended(${quoted(name)}::text, 0))::text`);
  return `
    select count(*) as rows, array[${counts.join(", ")}]::text[] as counts, array[${digests.join(", ")}]::text[] as digests
    from ${quoted(schema)}.${quoted(table)}`;
}
