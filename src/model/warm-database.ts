import { z } from "zod";

/** What belongs to a database itself and is in no dump of it. */
export const DatabaseProperties = z.object({
  owner: z.string(),
  /** -1 is without limit. */
  connectionLimit: z.number().int(),
  /** Entries as PostgreSQL writes them, sorted; those of the default rights where nobody changed them. */
  acl: z.array(z.string()),
  /** `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET` as `role name=value`, the role empty for all; sorted. */
  settings: z.array(z.string()),
  comment: z.string().nullable(),
});
export type DatabaseProperties = z.infer<typeof DatabaseProperties>;

/** A restored copy of the live database that waits beside it, closed to connections. */
export const WarmDatabase = z.object({
  name: z.string(),
  oid: z.number().int(),
  /** What it is a copy of. */
  live: z.object({ name: z.string(), oid: z.number().int() }),
  /** The cluster's own number; null where the role may not read it. */
  systemIdentifier: z.string().nullable(),
  serverVersion: z.string(),
  /** The moment of its data, ms since the epoch. */
  at: z.number(),
  how: z.enum(["clone", "online", "restored"]),
  /** How long it took. */
  seconds: z.number().nonnegative(),
  /** By `schema.table`, at that moment. */
  rows: z.record(z.string(), z.number()),
  /** sha256 in hex over the schema as pg_dump writes it, without comments and settings; empty where there is no pg_dump. */
  schemaFingerprint: z.string(),
  /** `pg_current_snapshot()` as text at that moment. */
  snapshot: z.string(),
  properties: DatabaseProperties,
});
export type WarmDatabase = z.infer<typeof WarmDatabase>;

/** What is told of a release's warm database: which one waits, or why none does. */
export const WarmReport = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("ready"),
    name: z.string(),
    /** The moment of its data, ms since the epoch. */
    at: z.number(),
    how: z.enum(["clone", "online", "restored"]),
    /** How long it took to make. */
    seconds: z.number(),
  }),
  z.object({ kind: z.literal("none"), reason: z.string() }),
]);
export type WarmReport = z.infer<typeof WarmReport>;
