import { z } from "zod";
import { words } from "./words.ts";
import { DatabaseProperties, WarmDatabase } from "./warm-database.ts";

/** A database by what stays when it is renamed, and by a name. */
const NamedDatabase = z.object({ name: z.string(), oid: z.number().int() });

/** Two databases that change places. OIDs survive renames: where they stand says which of the two is live. */
export const DatabasePair = z.object({
  /** The name that applications use. */
  live: z.string(),
  /** The one that has that name before, with the name that it is kept under. */
  replaced: NamedDatabase,
  /** The one that has it afterwards, with the name that it waits under. */
  next: NamedDatabase,
});
export type DatabasePair = z.infer<typeof DatabasePair>;

/** What is known of a database that a swap replaced; written before the swap, so that only such are ever dropped or swapped back. */
export const AsideDatabase = z.object({
  pair: DatabasePair,
  /** When its swap was begun, ms since the epoch. */
  at: z.number(),
  /** The plan that did it. */
  plan: z.string(),
  /** The release that the swap went to. */
  release: z.string(),
  systemIdentifier: z.string().nullable(),
  /** What is known of the one that takes its place; no rows and an empty fingerprint where that was live once already. */
  next: WarmDatabase.pick({ properties: true, rows: true, schemaFingerprint: true }),
  /** The moment of the data that takes its place, ms since the epoch; absent in notes of older versions. */
  dataAt: z.number().optional(),
  /** pg_current_snapshot() as text, taken between the swap and the first start of a service; absent before. */
  swappedAt: z.string().optional(),
  /** Where the rows that differ were written to by rollwatch itself (null where it is too large for that), and when; absent before. */
  exported: z.object({ folder: z.string().nullable(), at: z.number() }).optional(),
  /** As it was while it was live: a kept one has a limit of its own and is read-only. */
  properties: DatabaseProperties,
});
export type AsideDatabase = z.infer<typeof AsideDatabase>;

/**
 * Where a database that a swap has replaced is by now: `kept` under its name, `live` again, `renamed` by somebody else, or `gone`.
 */
export const ASIDE_STATES = ["kept", "live", "renamed", "gone"] as const;

/** A database that a swap has replaced, as the server has it now. */
export const AsideReport = z.object({
  /** The name that it was kept under. */
  name: z.string(),
  oid: z.number().int(),
  state: z.enum(ASIDE_STATES),
  /** The name that it had. */
  live: z.string(),
  /** When its swap was begun, ms since the epoch. */
  at: z.number(),
  plan: z.string(),
  /** The release that the swap went to. */
  release: z.string(),
  /** Its size on disk; null where the role of `database.rollback.url` may not know it, or there is none. */
  bytes: z.number().nullable(),
});
export type AsideReport = z.infer<typeof AsideReport>;

/** A person's word that a kept database is needed no longer. */
export const AsideDropRequest = z.strictObject({
  reason: words(500),
});
export type AsideDropRequest = z.infer<typeof AsideDropRequest>;
