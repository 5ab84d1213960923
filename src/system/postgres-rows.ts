import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { ask, type Connections, describe } from "./postgres-connection.ts";

/** How many rows a table has: counted, the planner's estimate of a large one, or not known and why. */
export type RowCount =
  | {
      readonly table: string;
      readonly kind: "known";
      readonly rows: number;
      readonly isExact: boolean;
    }
  | { readonly table: string; readonly kind: "unknown"; readonly reason: string };

/** From either of these on a table is not counted: that would read all of it. */
const MANY_ROWS = 1_000_000;
const MANY_BYTES = 1024 ** 3;

const Facts = z.array(
  z.object({
    exists: z.boolean(),
    readable: z.boolean().nullable(),
    rows: z.number().nullable(),
    bytes: z.number().nullable(),
    analysed: z.boolean().nullable(),
  }),
);

const ROW_COUNT = z.coerce.number();

/**
 * Counts the rows of the tables, `name` or `schema.name` of letters, digits, `_` and `$`, in the order asked. Throws when
 * the database does not answer at all.
 */
export async function countRows(
  connections: Connections,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<readonly RowCount[]> {
  const row = await ask(connections, estimateQuery(tables), signal).catch(
    rethrown(connections, signal),
  );
  const facts = Facts.parse(JSON.parse(row["facts"] ?? "[]"));
  const small = tables.filter((_table, index) => isSmall(facts[index]));
  const exact = await countExactly(connections, small, signal);
  return tables.map((table, index) => {
    const rows = exact.get(table);
    return rows === undefined
      ? estimateOf(table, facts[index])
      : { table, kind: "known", rows, isExact: true };
  });
}

type Facts = z.infer<typeof Facts>;

function isSmall(facts: Facts[number] | undefined): boolean {
  return (
    facts?.readable === true && (facts.rows ?? 0) < MANY_ROWS && (facts.bytes ?? 0) < MANY_BYTES
  );
}

function estimateOf(table: string, facts: Facts[number] | undefined): RowCount {
  if (facts === undefined || !facts.exists) {
    return { table, kind: "unknown", reason: "there is no such table" };
  }
  if (facts.readable !== true) {
    return { table, kind: "unknown", reason: "this role may not read it" };
  }
  return facts.analysed === true && facts.rows !== null
    ? { table, kind: "known", rows: facts.rows, isExact: false }
    : { table, kind: "unknown", reason: "too large to count, and never analysed" };
}

/** Nothing when it takes longer than a question may: then the estimates must do. */
async function countExactly(
  connections: Connections,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  if (tables.length === 0) {
    return new Map();
  }
  try {
    const row = await ask(connections, countQuery(tables), signal);
    return new Map(tables.map((table, index) => [table, ROW_COUNT.parse(row[`t${index}`])]));
  } catch (error) {
    const { sqlstate } = describe(error, connections.password);
    if (sqlstate === QUERY_CANCELLED) {
      return new Map();
    }
    return rethrown(connections, signal)(error);
  }
}

const QUERY_CANCELLED = "57014";

/** Partitions count for the table that they are of; a partitioned table itself holds nothing. */
function estimateQuery(tables: readonly string[]): string {
  const names = tables.map((table) => `'${quoted(table)}'`).join(", ");
  return `
    with asked as (
      select place, to_regclass(name) as id
      from unnest(array[${names}]) with ordinality as asked (name, place)
    )
    select json_agg(
      json_build_object(
        'exists', id is not null,
        'readable', has_table_privilege(id, 'select'),
        'rows', rows, 'bytes', bytes, 'analysed', analysed
      ) order by place
    )::text as facts
    from asked left join lateral (
      select
        sum(greatest(c.reltuples, 0))::float8 as rows,
        sum(pg_relation_size(c.oid))::float8 as bytes,
        bool_and(c.reltuples >= 0) as analysed
      from pg_class c
      where c.relkind <> 'p'
        and (c.oid = asked.id or c.oid in (select relid from pg_partition_tree(asked.id)))
    ) as size on true`;
}

function countQuery(tables: readonly string[]): string {
  const counts = tables.map(
    (table, index) => `(select count(*) from ${quoted(table)})::text as t${index}`,
  );
  return `select ${counts.join(", ")}`;
}

/** Each part in double quotes; a name may hold neither quotes nor anything else than the configuration allows. */
function quoted(table: string): string {
  return table
    .split(".")
    .map((part) => `"${part.replaceAll(/[^\w$]/gu, "")}"`)
    .join(".");
}

function rethrown(connections: Connections, signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    signal.throwIfAborted();
    const { detail } = describe(error, connections.password);
    throw new Failure("database-unreachable", `the rows could not be counted: ${detail}`, {
      hint: "Check `database.url` and `verify.tables`, and that this role may read those tables.",
    });
  };
}
