import type { Client } from "pg";
import { z } from "zod";

const Column = z.object({
  name: z.string(),
  /** With its schema and modifiers. */
  type: z.string(),
  /** Whether its value is computed from others: it cannot be written. */
  isGenerated: z.boolean(),
});

/** A table as far as its rows are concerned. A partitioned one stands for its partitions. */
export const TableShape = z.object({
  schema: z.string(),
  name: z.string(),
  isPartitioned: z.boolean(),
  columns: z.array(Column),
  /** The columns of its primary key, in order; empty when it has none. */
  key: z.array(z.string()),
});
export type TableShape = z.infer<typeof TableShape>;

/** Where rollwatch keeps its own journal in the watched database. */
export const JOURNAL_SCHEMA = "_rollwatch";

const ASK_TABLES = `
  select n.nspname as schema, c.relname as name, c.relkind = 'p' as "isPartitioned",
    (select coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
        'isGenerated', a.attgenerated <> '') order by a.attnum), '[]')
      from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    array(select a.attname::text from pg_catalog.pg_index i,
        unnest(i.indkey::int2[]) with ordinality key (number, place)
        join pg_catalog.pg_attribute a on a.attnum = key.number
      where i.indrelid = c.oid and i.indisprimary and i.indisvalid and a.attrelid = c.oid
        and key.place <= i.indnkeyatts
      order by key.place) as key
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', '${JOURNAL_SCHEMA}')
    and n.nspname !~ '^pg_(toast|temp)'
  order by n.nspname collate "C", c.relname collate "C"`;

/** Every ordinary table of the database, by `schema.name`; rollwatch's own journal is none of them. */
export async function readTables(client: Client): Promise<ReadonlyMap<string, TableShape>> {
  const { rows } = await client.query(ASK_TABLES);
  return new Map(
    z
      .array(TableShape)
      .parse(rows)
      .map((table) => [`${table.schema}.${table.name}`, table]),
  );
}

/** A name as PostgreSQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The table's own rows, without those of tables that inherit from it; as it stands behind `from`. */
export function fromTable({ schema, name, isPartitioned }: TableShape): string {
  return `${isPartitioned ? "" : "only "}${quoted(schema)}.${quoted(name)}`;
}
