import type { Client } from "pg";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { type DatabasePlace, inReading } from "./postgres-reading.ts";

const ASK_MS = 5000;
const ASIDE = "_aside_";
const Names = z.array(z.object({ name: z.string() }));
const ASK_NAMES = "select datname::text as name from pg_database where datname ~ '_aside_[^_]+$'";

/** The newest database that a swap has kept of the live one, by its name: the live one's, perhaps cut, and the time. */
export async function newestKept(live: DatabasePlace, signal: AbortSignal): Promise<string> {
  const names = await inReading(
    live,
    ASK_MS,
    async (client) => Names.parse((await client.query(ASK_NAMES)).rows).map(({ name }) => name),
    signal,
  );
  const ours = names
    .map((name) => ({ name, cut: name.lastIndexOf(ASIDE) }))
    .filter(({ name, cut }) => cut > 0 && live.database.startsWith(name.slice(0, cut)))
    .toSorted((one, other) => (one.name.slice(one.cut) < other.name.slice(other.cut) ? 1 : -1));
  const newest = ours[0];
  if (newest === undefined) {
    throw new Failure("refused", `no database is kept of ${JSON.stringify(live.database)}`, {
      hint: "A swap keeps the replaced database as <name>_aside_<time>; name another one with --kept.",
    });
  }
  return newest.name;
}

const Oid = z.object({ oid: z.number() });

const ASK_OID = "select oid from pg_database where datname = current_database()";

/** The database's own number, which no renaming changes. */
export async function oidOf(place: DatabasePlace, signal: AbortSignal): Promise<number> {
  return inReading(place, ASK_MS, readOid, signal);
}

/** The number of the database that a session is in. */
export async function readOid(client: Client): Promise<number> {
  return Oid.parse((await client.query(ASK_OID)).rows[0]).oid;
}
