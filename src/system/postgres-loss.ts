import type { Client } from "pg";
import { z } from "zod";
import type { TableLoss } from "../model/database-delta.ts";
import { messageOf } from "../model/failure.ts";
import type { WarmDatabase } from "../model/warm-database.ts";
import { writtenSince } from "./postgres-age.ts";
import { type DatabasePlace, inReading } from "./postgres-reading.ts";
import { fromTable, quoted, readTables, type TableShape } from "./postgres-tables.ts";

/** Longest time for one table, and for all of them: people wait for the answer. */
const TABLE_MS = 3000;
const ALL_MS = 15_000;

/** What the estimate takes from the record of a snapshot. */
export type LossSince = Pick<WarmDatabase, "snapshot" | "rows" | "at">;

const Facts = z.object({ isReadable: z.boolean(), isRewritten: z.boolean(), counters: z.string() });
const Counts = z.object({ written: z.coerce.number(), total: z.coerce.number() });

/**
 * A table's rows carry the time of what wrote them. Where all of it was written anew, that time says nothing; the table's entry
 * in the catalogue is as young then, and its file is not the one that it was made with.
 */
function askFacts(condition: string): string {
  return `
    select has_table_privilege(asked.id, 'select') as "isReadable",
      exists (
        select from pg_class t
        where (t.oid = asked.id or t.oid in (select relid from pg_partition_tree(asked.id)))
          and t.relkind = 'r' and pg_relation_filenode(t.oid) <> t.oid and ${condition}
      ) as "isRewritten",
      (
        select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables
        where relid = asked.id or relid in (select relid from pg_partition_tree(asked.id))
      )::text as counters
    from (select $1::regclass as id) as asked`;
}

/** What a swap to a snapshot would lose of each table of the live database that lost anything or may have; seconds, not minutes. */
export async function estimateLoss(
  live: DatabasePlace,
  since: LossSince,
  signal: AbortSignal,
): Promise<readonly TableLoss[]> {
  const { clock } = live;
  const until = clock.now() + ALL_MS;
  async function read(client: Client): Promise<readonly TableLoss[]> {
    const tables = await readTables(client);
    const written = await writtenSince(client, since.snapshot);
    const losses: TableLoss[] = [];
    for (const [table, shape] of tables) {
      const unknown = clock.now() > until ? "there was no time left to count it" : undefined;
      losses.push(
        written.kind === "unknown" || unknown !== undefined
          ? { table, rows: "unknown", why: written.kind === "unknown" ? written.why : `${unknown}` }
          : await lossOf(client, { table, shape, condition: written.condition, since }),
      );
    }
    const gone = Object.entries(since.rows).filter(([table]) => !tables.has(table));
    const dropped = gone.map(([table, rows]) => ({ table, rows, why: "the table is gone" }));
    return [...losses, ...dropped].filter(({ rows }) => rows !== 0);
  }
  return inReading(live, TABLE_MS, read, signal);
}

interface Asked {
  readonly table: string;
  readonly shape: TableShape;
  readonly condition: string;
  readonly since: LossSince;
}

/** A statement that fails must not end the transaction that the others need. */
async function lossOf(client: Client, asked: Asked): Promise<TableLoss> {
  const { table } = asked;
  await client.query("savepoint one");
  let counters: string | undefined;
  try {
    const name = `${quoted(asked.shape.schema)}.${quoted(asked.shape.name)}`;
    const facts = Facts.parse((await client.query(askFacts(asked.condition), [name])).rows[0]);
    if (!facts.isReadable) {
      return { table, rows: "unknown", why: "this role may not read it" };
    }
    counters = facts.counters;
    const sql = `select count(*) filter (where ${asked.condition}) as written, count(*) as total from ${fromTable(asked.shape)} as t`;
    const counts = Counts.parse((await client.query(sql)).rows[0]);
    await client.query("release savepoint one");
    return tell(asked, counts, facts.isRewritten);
  } catch (error) {
    await client.query("rollback to savepoint one");
    const hint = counters === undefined ? "" : `; its counters tell of ${counters} writes ever`;
    return { table, rows: "unknown", why: `${messageOf(error)}${hint}` };
  }
}

function tell(
  { table, since }: Asked,
  { written, total }: z.infer<typeof Counts>,
  isRewritten: boolean,
): TableLoss {
  const before = since.rows[table];
  if (isRewritten && total > 0 && written === total) {
    const why = `written anew since the snapshot, all ${total} rows of it: which of them changed cannot be told`;
    return { table, rows: "unknown", why };
  }
  if (before === undefined) {
    return { table, rows: written, why: "inserted or changed since; not counted at the snapshot" };
  }
  // What is as old as the snapshot was in it; the rest of the snapshot's rows were changed, or are gone.
  const gone = Math.max(0, before - (total - written));
  const why = `${written} inserted or changed since, ${gone} of the snapshot's ${before} changed or gone`;
  return { table, rows: Math.max(written, gone), why };
}
