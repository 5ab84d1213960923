import type { Client } from "pg";
import { z } from "zod";

const Pairs = z.array(z.object({ from: z.string(), to: z.string() }));

const ASK_REFERENCES = `
  select n.nspname || '.' || c.relname as from, m.nspname || '.' || d.relname as to
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_class d on d.oid = k.confrelid join pg_namespace m on m.oid = d.relnamespace
  where k.contype = 'f' and k.conrelid <> k.confrelid`;

/** The tables in an order in which each stands behind those that its foreign keys point to; in a circle, as they come. */
export async function orderByReferences(
  client: Client,
  tables: readonly string[],
): Promise<readonly string[]> {
  const pairs = Pairs.parse((await client.query(ASK_REFERENCES)).rows);
  const ordered: string[] = [];
  let left = tables;
  while (left.length > 0) {
    const waiting = left;
    const free = waiting.filter(
      (table) => !pairs.some(({ from, to }) => from === table && waiting.includes(to)),
    );
    const next = free.length > 0 ? free : waiting;
    ordered.push(...next);
    left = waiting.filter((table) => !next.includes(table));
  }
  return ordered;
}
