import { validate } from "node-cron";
import { z } from "zod";
import { databaseUrl } from "../model/database-url.ts";
import { Duration, PositiveDuration, Size } from "../model/units.ts";

/** How releases are captured and kept. */
export const ReleaseSettings = z.strictObject({
  /** How long every signal must be ok before a release counts as proven. Default 10m. */
  bake: Duration.prefault("10m"),
  /** Captured releases to keep; the last proven one is never deleted. Default 5. */
  keep: z.int().min(2).default(5),
  /** How often captures are checked against their hashes, so that readiness is known before the incident. Default 10m. */
  verifyEvery: PositiveDuration.prefault("10m"),
  /** Whether a second copy of the newest proven release is kept beside the application, so that a rollback renames instead of copying. Default true. */
  warm: z.boolean().default(true),
});
export type ReleaseSettings = z.infer<typeof ReleaseSettings>;

/** A snapshot of the database with every captured release. */
export const DumpSettings = z.strictObject({
  /** The pg_dump to use, absolute; pg_restore lies beside it. Default: the newest one of this machine. */
  program: z.string().regex(/^\//u, "expected an absolute path").optional(),
  /** A folder of another disk or machine for a second copy of each dump, absolute, for its owner alone. Default: no second copy. */
  secureCopy: z.string().regex(/^\//u, "expected an absolute path").optional(),
  /** Longest time that a dump is kept; that of the newest proven release stays. Default: as long as its release. */
  keep: PositiveDuration.optional(),
  /** When the running proven release gets a fresh dump, as cron writes it, in local time. Default: only with a capture. */
  schedule: z
    .string()
    .refine(
      (text) => text.trim().split(/\s+/u).length === 5 && validate(text),
      "expected five fields as cron writes them, such as `30 2 * * *`",
    )
    .optional(),
});
export type DumpSettings = z.infer<typeof DumpSettings>;

/** PgBouncer between the application and its database, which holds clients back during a swap. */
export const PgBouncerSettings = z.strictObject({
  /** Its console, with a role of `admin_users`, such as `postgresql://admin:password@127.0.0.1:6432/pgbouncer`. */
  url: databaseUrl("postgresql://user:password@host:6432/pgbouncer"),
  /** The databases as clients know them. Default: that of `database.url`. */
  databases: z.array(z.string().min(1)).min(1).optional(),
});

/** How the database is taken back, and what becomes of the rows that the replaced one holds. */
export const DatabaseRollbackSettings = z.strictObject({
  /** A role that may read every table of the live database and of those kept aside, and make databases; `rollwatch doctor` prints its SQL. Default: that of `database.url`. */
  url: databaseUrl("postgresql://user:password@host:5432/name").optional(),
  /** How a copy of the database is kept beside it for the newest proven release: not at all, by cloning while nobody uses it, or online. Default off. */
  warm: z.enum(["off", "clone", "online"]).default("off"),
  /** Roles or application_names, beside the role of `database.url`, whose sessions a swap may end; anybody else's refuses it. Default none. */
  mayEnd: z.array(z.string().min(1)).default([]),
  /** How long exported rows of `rollwatch database delta` stay in the state folder. Default 30d. */
  deltaKeep: PositiveDuration.prefault("30d"),
  /** The largest replaced database that is compared and exported by rollwatch itself after a swap; of a larger one people are told the command alone. Default 10GiB. */
  exportUpTo: Size.prefault("10GiB"),
  /** Whether every write is noted, for `rollwatch database replay`: triggers that are installed before a warm database is made. Default false. */
  journal: z.boolean().default(false),
  /** Tables that only ever get new rows: `rollwatch database reapply` may bring those of a kept database back. Default none. */
  appendOnly: z
    .array(
      z
        .string()
        .regex(/^[^.]+\.[^.]+$/u, "expected a table with its schema, such as public.readings"),
    )
    .default([]),
});
export type DatabaseRollbackSettings = z.infer<typeof DatabaseRollbackSettings>;
