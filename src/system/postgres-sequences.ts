import type { Client } from "pg";
import { z } from "zod";

const ASK_SEQUENCES = `
  select schemaname as schema, sequencename as name, last_value is not null as "isUsed",
         coalesce(last_value, start_value)::text as last, increment_by::text as increment,
         min_value::text as min, max_value::text as max
  from pg_sequences order by 1, 2`;
const MOVE = "select setval(format('%I.%I', $1::text, $2::text)::regclass, $3::bigint)";

const Sequences = z.array(
  z.object({
    schema: z.string(),
    name: z.string(),
    /** Whether it has given out anything. */
    isUsed: z.boolean(),
    /** Of 64 bits, as text, like the others. */
    last: z.string(),
    increment: z.string(),
    min: z.string(),
    max: z.string(),
  }),
);
type Sequence = z.infer<typeof Sequences>[number];

/** So many values are left out: what a session has reserved, or gives out until the swap, is not given out again. */
const MARGIN = 1000n;

/** The sequences of a database. */
export async function readSequences(client: Client): Promise<readonly Sequence[]> {
  return Sequences.parse((await client.query(ASK_SEQUENCES)).rows);
}

/**
 * Moves sequences past those of another database, so that no new row takes the key of one that is only there. Returns how many it
 * moved: those that are past them already stay.
 */
export async function moveSequences(client: Client, past: readonly Sequence[]): Promise<number> {
  const known = await readSequences(client);
  let moved = 0;
  for (const { schema, name, last } of past.filter(({ isUsed }) => isUsed)) {
    const own = known.find((one) => one.schema === schema && one.name === name);
    const to = own === undefined ? undefined : placePast(own, BigInt(last));
    if (to !== undefined) {
      await client.query(MOVE, [schema, name, to.toString()]);
      moved += 1;
    }
  }
  return moved;
}

/** Undefined where it is past already. At its end it stays at the end: another value would be refused. */
function placePast({ last, increment, min, max }: Sequence, other: bigint): bigint | undefined {
  const step = BigInt(increment);
  const wanted = other + step * MARGIN;
  const highest = wanted > BigInt(max) ? BigInt(max) : wanted;
  const to = highest < BigInt(min) ? BigInt(min) : highest;
  const isPast = step > 0n ? BigInt(last) >= to : BigInt(last) <= to;
  return isPast ? undefined : to;
}
