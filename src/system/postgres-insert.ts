import type { Client } from "pg";
import { messageOf } from "../model/failure.ts";
import { quoted, type TableShape } from "./postgres-tables.ts";

/** Where rows go. */
export interface InsertPlace {
  readonly client: Client;
  readonly table: TableShape;
  /** The columns that the rows have and the table takes. */
  readonly columns: readonly string[];
}

/** A row that could not be inserted, as its place in the batch. */
export interface Refused {
  readonly index: number;
  readonly reason: string;
}

/**
 * Inserts rows, each an object in JSON, in the transaction that is open; what does not fit stays out by itself. A row that is
 * there already, or one with a unique value of it, is never replaced.
 */
export async function insertRows(
  place: InsertPlace,
  rows: readonly string[],
): Promise<readonly Refused[]> {
  const all = await attempt(place, rows);
  if (all.kind === "inserted" && all.count === rows.length) {
    await place.client.query("release savepoint rows");
    return [];
  }
  await place.client.query("rollback to savepoint rows; release savepoint rows");
  const refused: Refused[] = [];
  for (const [index, row] of rows.entries()) {
    const one = await attempt(place, [row]);
    if (one.kind === "refused") {
      await place.client.query("rollback to savepoint rows");
      refused.push({ index, reason: one.reason });
    } else if (one.count === 0) {
      refused.push({
        index,
        reason: "the live database has a row with this key or a unique value of it",
      });
    }
    await place.client.query("release savepoint rows");
  }
  return refused;
}

type Attempt =
  | { readonly kind: "inserted"; readonly count: number }
  | { readonly kind: "refused"; readonly reason: string };

/** Leaves its savepoint, so that the caller can take it back. */
async function attempt(place: InsertPlace, rows: readonly string[]): Promise<Attempt> {
  const { client } = place;
  await client.query("savepoint rows");
  try {
    const { rowCount } = await client.query(insertQuery(place), [`[${rows.join(",")}]`]);
    // A constraint that is checked at the end would end the whole transaction there.
    await client.query("set constraints all immediate");
    return { kind: "inserted", count: rowCount ?? 0 };
  } catch (error) {
    return { kind: "refused", reason: messageOf(error) };
  }
}

function insertQuery({ table, columns }: InsertPlace): string {
  const name = `${quoted(table.schema)}.${quoted(table.name)}`;
  const list = columns.map(quoted).join(", ");
  return `
    insert into ${name} (${list}) overriding system value
    select ${list} from json_populate_recordset(null::${name}, $1::json)
    on conflict do nothing`;
}

const MOVE = `
  select pg_catalog.setval($1::regclass, $2::bigint) from pg_catalog.pg_sequences s
  where format('%I.%I', s.schemaname, s.sequencename)::regclass = $1::regclass
    and s.increment_by > 0 and coalesce(s.last_value, s.start_value - 1) < $2::bigint`;

/** Moves the sequences of a table's columns past the values of the kept table, so that no new row gets one of them. */
export async function moveSequences(kept: Client, live: Client, table: TableShape): Promise<void> {
  const name = `${quoted(table.schema)}.${quoted(table.name)}`;
  for (const column of table.columns.filter(({ type }) =>
    /^(smallint|integer|bigint)$/u.test(type),
  )) {
    const owned = await live.query<{ readonly sequence: string | null }>(
      "select pg_get_serial_sequence($1, $2) as sequence",
      [name, column.name],
    );
    const sequence = owned.rows[0]?.sequence ?? null;
    if (sequence !== null) {
      const most = await kept.query<{ readonly max: string | null }>(
        `select max(${quoted(column.name)})::text as max from ${name}`,
      );
      await live.query(MOVE, [sequence, most.rows[0]?.max ?? "0"]);
    }
  }
}
