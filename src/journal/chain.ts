import { createHash } from "node:crypto";
import type Database from "libsql";
import { z } from "zod";
import { type Entry, Fact } from "../model/facts.ts";

/** The newest entry's number and hash; what the next entry is chained to. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** What the first entry is chained to. */
const GENESIS: Head = { seq: 0, hash: "" };

const SELECT_ENTRIES = "select seq, at, kind, body, hash from entries order by seq";

const Row = z.object({
  seq: z.number(),
  at: z.number(),
  kind: z.string(),
  body: z.string(),
  hash: z.string(),
});

/** sha256 in hex over the previous entry's hash and everything of this one. */
export function chainHash(
  previous: string,
  entry: Pick<Entry, "seq" | "at">,
  body: string,
): string {
  return createHash("sha256")
    .update(`${previous}\n${entry.seq}\n${entry.at}\n${body}`)
    .digest("hex");
}

/** All entries and the head of the chain; throws at the first gap, broken link or fact that does not parse. */
export function readEntries(db: Database.Database): {
  readonly entries: readonly Entry[];
  readonly head: Head;
} {
  const entries: Entry[] = [];
  let head = GENESIS;
  for (const raw of db.prepare(SELECT_ENTRIES).all()) {
    const row = Row.parse(raw);
    if (row.seq !== head.seq + 1) {
      throw new Error(`entry ${head.seq + 1} is missing`);
    }
    if (row.hash !== chainHash(head.hash, row, row.body)) {
      throw new Error(`entry ${row.seq} was changed after it was written (its hash does not fit)`);
    }
    entries.push({ seq: row.seq, at: row.at, fact: parseFact(row) });
    head = { seq: row.seq, hash: row.hash };
  }
  return { entries, head };
}

function parseFact(row: z.infer<typeof Row>): Fact {
  const parsed = Fact.safeParse(JSON.parse(row.body));
  if (!parsed.success) {
    throw new Error(
      `entry ${row.seq} (${row.kind}) does not parse: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}
