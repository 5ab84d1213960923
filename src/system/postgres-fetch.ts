import type { Client } from "pg";
import { z } from "zod";
import { type Comparison, keyText, wholeRow } from "./postgres-stream.ts";
import { fromTable, quoted, type TableShape } from "./postgres-tables.ts";

const Found = z.array(z.tuple([z.string(), z.string()]));
const KeyValues = z.array(z.string());

/** Whole rows as JSON on one line each, by what a comparison names them with: the key's values as JSON, or the md5 of the row. */
export async function fetchRows(
  client: Client,
  table: TableShape,
  { key, columns }: Comparison,
  rows: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (rows.length === 0) {
    return new Map();
  }
  const query = key === undefined ? byWholeRow(table, columns, rows) : byKey(table, key, rows);
  const answer = await client.query({ ...query, rowMode: "array" });
  // Outside of its strings, JSON as somebody wrote it may have line breaks.
  return new Map(
    Found.parse(answer.rows).map(([row, json]) => [row, json.replaceAll(/[\r\n]+/gu, " ")]),
  );
}

interface Query {
  readonly text: string;
  readonly values: unknown[];
}

function byWholeRow(table: TableShape, columns: readonly string[], rows: readonly string[]): Query {
  const hash = `md5(${wholeRow(columns)})`;
  return {
    text: `select distinct on (1) ${hash}, row_to_json(t)::text from ${fromTable(table)} as t where ${hash} = any($1::text[])`,
    values: [rows],
  };
}

function byKey(table: TableShape, key: readonly string[], rows: readonly string[]): Query {
  const wanted = rows.map((row) => KeyValues.parse(JSON.parse(row)));
  const lists = key.map((_name, index) => `$${index + 1}::text[]`).join(", ");
  const names = key.map((_name, index) => `k${index}`).join(", ");
  const equal = key.map((name, index) => equalTo(table, name, `wanted.k${index}`)).join(" and ");
  return {
    text: `select ${keyText(key)}, row_to_json(t)::text
      from unnest(${lists}) as wanted (${names}) join ${fromTable(table)} as t on ${equal}`,
    values: key.map((_name, index) => wanted.map((values) => values[index])),
  };
}

/** Compared in its own type an index is used; the operators of types outside pg_catalog are not found without a search_path. */
function equalTo({ columns }: TableShape, name: string, text: string): string {
  const type = columns.find((column) => column.name === name)?.type ?? "text";
  const column = `t.${quoted(name)}`;
  return type.includes(".") || type.includes('"')
    ? `${column}::text = ${text}`
    : `${column} = ${text}::${type}`;
}
