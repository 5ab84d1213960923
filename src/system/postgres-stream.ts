import type { Client } from "pg";
import { z } from "zod";
import { fromTable, quoted, type TableShape } from "./postgres-tables.ts";

/** Rows that are fetched at a time. */
const BATCH = 5000;

/** One row, or all equal ones of a table without a key, as far as a comparison needs it. */
export interface Mark {
  /** What the rows come ordered by: md5 of the key, or of the whole row. */
  readonly at: string;
  /** The key's values as texts in JSON; null where there is no key. */
  readonly key: string | null;
  readonly hash: string;
  readonly copies: number;
  readonly isNewer: boolean;
}

/** What rows are compared by. */
export interface Comparison {
  /** Columns of the primary key; undefined where whole rows are compared. */
  readonly key: readonly string[] | undefined;
  readonly columns: readonly string[];
}

const Row = z.tuple([
  z.string(),
  z.string().nullable(),
  z.string(),
  z.coerce.number(),
  z.boolean(),
]);

/**
 * The rows of a table in an order that is the same in every database, few of them in memory at a time. Sorted is by md5, whose
 * order no collation and no encoding changes. `newer` is a condition on `t`. The cursor ends with the transaction.
 */
export async function* streamMarks(
  client: Client,
  table: TableShape,
  how: Comparison & { readonly newer: string },
): AsyncGenerator<Mark> {
  await client.query(`declare marks no scroll cursor for ${marksQuery(table, how)}`);
  for (;;) {
    const { rows } = await client.query({ text: `fetch ${BATCH} from marks`, rowMode: "array" });
    for (const row of rows) {
      const [at, key, hash, copies, isNewer] = Row.parse(row);
      yield { at, key, hash, copies, isNewer };
    }
    if (rows.length < BATCH) {
      await client.query("close marks");
      return;
    }
  }
}

function marksQuery(
  table: TableShape,
  { key, columns, newer }: Comparison & { readonly newer: string },
): string {
  const whole = wholeRow(columns);
  if (key === undefined) {
    return `
      select md5(${whole}) as at, null::text, '' as hash, count(*), bool_or(${newer})
      from ${fromTable(table)} as t group by 1 order by md5(${whole}) collate "C"`;
  }
  return `
    select md5(key) as at, key, hash, 1, newer
    from (
      select ${keyText(key)} as key, hashtextextended(${whole}, 0)::text as hash, ${newer} as newer
      from ${fromTable(table)} as t
    ) as marked order by md5(key) collate "C"`;
}

/** A row as one text; different rows never have the same one. */
export function wholeRow(columns: readonly string[]): string {
  return `row(${columns.map((name) => `t.${quoted(name)}`).join(", ")})::text`;
}

/** The key of a row as one text: its values, as texts, in JSON. */
export function keyText(key: readonly string[]): string {
  return `jsonb_build_array(${key.map((name) => `t.${quoted(name)}::text`).join(", ")})::text`;
}
