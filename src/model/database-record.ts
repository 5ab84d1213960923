import { z } from "zod";

const Source = z.object({
  /** When it was begun, ms since the epoch. */
  at: z.number(),
  /** How long it took. */
  seconds: z.number().nonnegative(),
  database: z.string(),
  /** The cluster's own number; null where this role may not read it. */
  systemIdentifier: z.string().nullable(),
  serverVersion: z.string(),
  /** Of the source, by `schema.table`. */
  rows: z.record(z.string(), z.number()),
});

/** A compressed `pg_dump`, decoded to its end after it was written. Holds health data: 0600. */
export const Dump = Source.extend({
  kind: z.literal("dump"),
  /** Its name in the release's folder. */
  file: z.string(),
  digest: z.string(),
  bytes: z.number().int().nonnegative(),
  /** Of the proven file (see Files.fingerprint): while it stands, the file need not be read again. */
  fingerprint: z.string(),
  programVersion: z.string(),
  /** sha256 in hex over the schema as pg_dump writes it, without comments and settings. */
  schemaFingerprint: z.string(),
  /** `pg_current_snapshot()` as text at its moment; absent in dumps of older versions. */
  snapshot: z.string().optional(),
  /** When it was restored for a proof last, ms since the epoch; absent while it never was. */
  provenAt: z.number().optional(),
  /** How long that took; absent while it never was. */
  restoreSeconds: z.number().nonnegative().optional(),
  /** What pg_dump said beside doing it. */
  warnings: z.array(z.string()),
  /** Absolute path of the proven second copy; null where none is configured. */
  secureCopy: z.string().nullable(),
  /** Why the second copy could not be made; null when it was, or when none is configured. */
  copyProblem: z.string().nullable(),
});
export type Dump = z.infer<typeof Dump>;

/** A clone on the same server, where no pg_dump exists. */
export const Clone = Source.extend({
  kind: z.literal("clone"),
  /** The clone's own name. */
  name: z.string(),
});
export type Clone = z.infer<typeof Clone>;

/** What was kept of the database with a release, or why nothing was. */
export const DatabaseRecord = z.discriminatedUnion("kind", [
  Dump,
  Clone,
  z.object({ kind: z.literal("none"), at: z.number(), reason: z.string() }),
]);
export type DatabaseRecord = z.infer<typeof DatabaseRecord>;
