import type { Client } from "pg";
import type { TableDelta } from "../model/database-delta.ts";
import { type Comparison, type Mark, streamMarks } from "./postgres-stream.ts";
import type { TableShape } from "./postgres-tables.ts";

/** Differences that are told at a time. */
const BATCH = 500;

/** One row that differs, seen from the live database. */
export interface Difference {
  readonly kind: "inserted" | "updated" | "deleted" | "newer";
  /** The key's values as texts in JSON; where whole rows are compared, the md5 of the row. */
  readonly row: string;
  /** How many equal ones; 1 where there is a key. */
  readonly copies: number;
}

/** The same table in both databases. */
export interface TablePair {
  readonly table: string;
  readonly kept: { readonly client: Client; readonly shape: TableShape };
  readonly live: { readonly client: Client; readonly shape: TableShape };
  /** A condition on a row `t` of the live database for having been written since the swap. */
  readonly newer: string;
}

/** What both tables have: the columns to compare, and the key where it is the same one. */
export function comparisonOf({ kept, live }: TablePair): Comparison {
  const names = new Set(kept.shape.columns.map(({ name }) => name));
  const columns = live.shape.columns.map(({ name }) => name).filter((name) => names.has(name));
  const isSame = kept.shape.key.join("\0") === live.shape.key.join("\0");
  const key = isSame && live.shape.key.length > 0 ? live.shape.key : undefined;
  return { key, columns: columns.toSorted() };
}

/** Finds every row that differs, and counts them. `onDifferences` is waited for: little is in memory at any time. */
export async function compareTable(
  pair: TablePair,
  onDifferences: (batch: readonly Difference[]) => Promise<void>,
  signal: AbortSignal,
): Promise<TableDelta> {
  const how = comparisonOf(pair);
  const counts = { inserted: 0, updated: 0, deleted: 0, newer: 0 };
  let batch: Difference[] = [];
  for await (const one of differences(pair, how)) {
    counts[one.kind] += one.copies;
    batch.push(one);
    if (batch.length === BATCH) {
      signal.throwIfAborted();
      await onDifferences(batch);
      batch = [];
    }
  }
  if (batch.length > 0) {
    await onDifferences(batch);
  }
  const by = how.key === undefined ? "rows" : "key";
  return { table: pair.table, by, ...counts, notes: [...notesOf(pair)], problem: null };
}

async function* differences(
  { kept, live, newer }: TablePair,
  how: Comparison,
): AsyncGenerator<Difference> {
  const ours = streamMarks(kept.client, kept.shape, { ...how, newer: "false" });
  const theirs = streamMarks(live.client, live.shape, { ...how, newer });
  let [one, other] = await Promise.all([next(ours), next(theirs)]);
  while (one !== undefined || other !== undefined) {
    const order = compare(one, other);
    const found = differenceOf(order <= 0 ? one : undefined, order >= 0 ? other : undefined);
    if (found !== undefined) {
      yield found;
    }
    // Both at a time where both go on: each waits for its own server process.
    [one, other] = await Promise.all([
      order <= 0 ? next(ours) : one,
      order >= 0 ? next(theirs) : other,
    ]);
  }
}

async function next(marks: AsyncGenerator<Mark>): Promise<Mark | undefined> {
  const result = await marks.next();
  return result.done === true ? undefined : result.value;
}

/** A side that has come to its end is after everything. */
function compare(one: Mark | undefined, other: Mark | undefined): number {
  if (one === undefined || other === undefined) {
    return one === undefined ? 1 : -1;
  }
  if (one.at === other.at) {
    return 0;
  }
  return one.at < other.at ? -1 : 1;
}

/** What is to be told of a row of the kept database and that of the live one with the same key. */
function differenceOf(kept: Mark | undefined, live: Mark | undefined): Difference | undefined {
  if (live === undefined) {
    return kept === undefined ? undefined : differs("inserted", kept, kept.copies);
  }
  if (kept === undefined) {
    return differs(live.isNewer ? "newer" : "deleted", live, live.copies);
  }
  const more = kept.copies - live.copies;
  if (more > 0) {
    return differs("inserted", kept, more);
  }
  if (more < 0) {
    return differs(live.isNewer ? "newer" : "deleted", live, -more);
  }
  return kept.hash === live.hash ? undefined : differs(live.isNewer ? "newer" : "updated", kept, 1);
}

function differs(kind: Difference["kind"], { key, at }: Mark, copies: number): Difference {
  return { kind, row: key ?? at, copies };
}

function* notesOf({ kept, live }: TablePair): Generator<string> {
  const theirs = new Map(live.shape.columns.map(({ name, type }) => [name, type]));
  const ours = new Set(kept.shape.columns.map(({ name }) => name));
  for (const { name, type } of kept.shape.columns) {
    const other = theirs.get(name);
    if (other === undefined) {
      yield `column ${name} is only in the kept database`;
    } else if (other !== type) {
      yield `column ${name} is ${type} in the kept database and ${other} in the live one`;
    }
  }
  for (const name of theirs.keys()) {
    if (!ours.has(name)) {
      yield `column ${name} is only in the live database`;
    }
  }
  if (kept.shape.key.join("\0") !== live.shape.key.join("\0")) {
    yield "the primary keys differ: compared as whole rows";
  }
}
