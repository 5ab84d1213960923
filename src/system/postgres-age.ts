import type { Client } from "pg";
import { z } from "zod";

/** Transactions are counted in 32 bits: from here on nothing can be told of what is older. */
const HALF = 2 ** 31 - 10_000_000;

const Distance = z.object({ distance: z.coerce.number(), floor: z.string() });

const ASK_DISTANCE = `
  select (xmax::numeric - xmin::numeric)::text as distance, (xmin::numeric % 4294967296)::text as floor
  from (
    select pg_snapshot_xmax(pg_current_snapshot())::text as xmax,
      pg_snapshot_xmin($1::pg_snapshot)::text as xmin
  ) as moments`;

/** How to find what was written since a snapshot; or why that is not possible. */
export type Since =
  | { readonly kind: "known"; readonly condition: string }
  | { readonly kind: "unknown"; readonly why: string };

/**
 * A condition on a row `t` for having been written since a snapshot that pg_current_snapshot() gave. Every transaction that
 * was open then counts as later, finished or not: the rows of its savepoints do not tell which transaction they are of.
 * To be used in a transaction whose snapshot was taken before: rows that are younger than its age() would be missed.
 */
export async function writtenSince(client: Client, snapshot: string): Promise<Since> {
  const { rows } = await client.query(ASK_DISTANCE, [snapshot]);
  const { distance, floor } = Distance.parse(rows[0]);
  if (distance < 0) {
    return { kind: "unknown", why: "the snapshot is of another server, or of a later time" };
  }
  if (distance > HALF) {
    const why = `${Math.round(distance / 1e6)} million transactions have passed since the snapshot`;
    return { kind: "unknown", why };
  }
  // Both ages are counted from the same moment, so what has happened since does not matter.
  return { kind: "known", condition: `age(t.xmin) between 0 and age('${floor}'::xid)` };
}
