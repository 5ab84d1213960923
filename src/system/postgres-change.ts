import type { Client } from "pg";
import { z } from "zod";
import { JOURNAL_SCHEMA, quoted, type TableShape } from "./postgres-tables.ts";

/** One change that a journal has noted. */
export const Change = z.object({
  seq: z.string(),
  /** `schema.name`. */
  table: z.string(),
  op: z.enum(["I", "U", "D", "T"]),
  /** The row before and after it, in JSON. */
  old: z.string().nullable(),
  new: z.string().nullable(),
  /** Of an update the columns that it changed, else all of the row. */
  columns: z.array(z.string()),
});
export type Change = z.infer<typeof Change>;

const ASK_CHANGES = `
  select c.seq::text, schema_name || '.' || table_name as table, op, old::text as old, new::text as new,
    case op
      when 'U' then array(
        select o.key from json_each(old) o join json_each(new) n on n.key = o.key
        where n.value::text is distinct from o.value::text)
      when 'T' then '{}'
      else array(select json_object_keys(coalesce(new, old)))
    end as columns
  from ${JOURNAL_SCHEMA}.changes as c
  where c.seq > $1 and not pg_visible_in_snapshot(c.xid, $2::pg_snapshot)
  order by c.seq limit $3`;

/** The next changes after one of them that a snapshot has not seen, in the order in which they were made. */
export async function readChanges(
  client: Client,
  after: { readonly seq: string; readonly snapshot: string },
  limit: number,
): Promise<readonly Change[]> {
  const { rows } = await client.query(ASK_CHANGES, [after.seq, after.snapshot, limit]);
  return z.array(Change).parse(rows);
}

/** What became of a change: made, not needed, or why it does not fit. */
export type Outcome =
  | { readonly kind: "applied" | "needless" }
  | { readonly kind: "misfit"; readonly reason: string };

/**
 * Makes a change in a table, in the transaction that is open. Columns that the table lacks are left out. What somebody else has
 * changed meanwhile is never overwritten: that is a misfit. Throws what the database says.
 */
export async function applyChange(
  client: Client,
  table: TableShape,
  change: Change,
): Promise<Outcome> {
  switch (change.op) {
    case "I":
      return insert(client, table, change);
    case "U":
      return update(client, table, change);
    case "D":
      return remove(client, table, change);
    case "T":
      return { kind: "misfit", reason: "the whole table was emptied; that is never done again" };
    default:
      return change.op satisfies never;
  }
}

async function insert(client: Client, table: TableShape, change: Change): Promise<Outcome> {
  const name = nameOf(table);
  const list = written(table, change).map(quoted).join(", ");
  const { rowCount } = await client.query(
    `insert into ${name} (${list}) overriding system value
     select ${list} from json_populate_record(null::${name}, $1::json) on conflict do nothing`,
    [change.new],
  );
  return rowCount === 1
    ? { kind: "applied" }
    : { kind: "misfit", reason: "there is a row with this key or a unique value of it" };
}

async function update(client: Client, table: TableShape, change: Change): Promise<Outcome> {
  const columns = written(table, change);
  if (columns.length === 0) {
    return { kind: "needless" };
  }
  const name = nameOf(table);
  const set = columns.map((one) => `${quoted(one)} = n.${quoted(one)}`).join(", ");
  const { rowCount } = await client.query(
    `update ${name} as t set ${set}
     from json_populate_record(null::${name}, $2::json) as n
     where (t.tableoid, t.ctid) in (${oneRow(table, change, columns)})`,
    [change.old, change.new],
  );
  return rowCount === 1
    ? { kind: "applied" }
    : { kind: "misfit", reason: "the row is gone, or has other values by now" };
}

async function remove(client: Client, table: TableShape, change: Change): Promise<Outcome> {
  const name = nameOf(table);
  const { rowCount } = await client.query(
    `delete from ${name} as t where (t.tableoid, t.ctid) in (${oneRow(table, change, written(table, change))})`,
    [change.old],
  );
  if (rowCount === 1) {
    return { kind: "applied" };
  }
  const left = await client.query(oneRow(table, change, []), [change.old]);
  return left.rowCount === 0
    ? { kind: "needless" }
    : { kind: "misfit", reason: "the row has other values by now" };
}

/** Where the row is that was changed, as long as `columns` have the values that the change found. */
function oneRow(table: TableShape, change: Change, columns: readonly string[]): string {
  const name = nameOf(table);
  const old: unknown = JSON.parse(change.old ?? "{}");
  const known = new Set(Object.keys(z.record(z.string(), z.unknown()).parse(old)));
  const key = table.key.length > 0 ? table.key : namesOf(table).filter((one) => known.has(one));
  const same = [
    ...key.map((one) => isSame(table, one)),
    ...columns.map((one) => `r.${quoted(one)}::text is not distinct from o.${quoted(one)}::text`),
  ];
  return `
    select r.tableoid, r.ctid from ${name} as r, json_populate_record(null::${name}, $1::json) as o
    where ${same.join(" and ")} limit 1`;
}

/** A key is found by its index; the operators of types outside pg_catalog are not found without a search_path. */
function isSame({ columns, key }: TableShape, column: string): string {
  const type = columns.find(({ name }) => name === column)?.type ?? ".";
  const [row, old] = [`r.${quoted(column)}`, `o.${quoted(column)}`];
  return key.includes(column) && !/[."]/u.test(type)
    ? `${row} = ${old}`
    : `${row}::text is not distinct from ${old}::text`;
}

/** The columns of a change that the table has and that can be written. */
function written({ columns }: TableShape, change: Change): readonly string[] {
  const ours = new Set(columns.filter(({ isGenerated }) => !isGenerated).map(({ name }) => name));
  return change.columns.filter((column) => ours.has(column));
}

function namesOf({ columns }: TableShape): readonly string[] {
  return columns.map(({ name }) => name);
}

function nameOf({ schema, name }: TableShape): string {
  return `${quoted(schema)}.${quoted(name)}`;
}
