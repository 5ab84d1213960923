import { z } from "zod";

/** How many rows of a table would be lost by going back to a snapshot of the database. */
export const TableLoss = z.object({
  /** `schema.name`. */
  table: z.string(),
  /** Rows written or deleted since the snapshot: rather too many than too few. */
  rows: z.union([z.int().nonnegative(), z.literal("unknown")]),
  why: z.string(),
});
export type TableLoss = z.infer<typeof TableLoss>;

/** What differs between two databases in one table, seen from the live one: `inserted` rows are in the kept one alone. */
export const TableDelta = z.object({
  /** `schema.name`. */
  table: z.string(),
  /** How its rows were told apart: by primary key, as a multiset of whole rows, or not, because only one database has the table. */
  by: z.enum(["key", "rows", "kept-only", "live-only"]),
  inserted: z.int().nonnegative(),
  updated: z.int().nonnegative(),
  deleted: z.int().nonnegative(),
  /** Of rows compared, those written into the live database since the swap: they are no loss. 0 where that moment is unknown. */
  newer: z.int().nonnegative(),
  /** Columns that only one of the databases has, and such whose type differs. */
  notes: z.array(z.string()),
  /** Why it could not be compared; null when it was. */
  problem: z.string().nullable(),
});
export type TableDelta = z.infer<typeof TableDelta>;

/** One file of exported rows, a JSON object in each line. */
const ExportedFile = z.object({
  table: z.string(),
  /** Its name in the folder. */
  file: z.string(),
  lines: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** In hex. */
  sha256: z.string(),
});
export type ExportedFile = z.infer<typeof ExportedFile>;

/** Files of one folder whose content services brought into the database since a moment. */
export const ConsumedFolder = z.object({
  /** Who consumes them. */
  services: z.array(z.string()),
  /** Relative to the application's root. */
  folder: z.string(),
  /** In order of time, the oldest thousand. */
  files: z.array(
    z.object({
      /** Relative to the application's root. */
      path: z.string(),
      bytes: z.int().nonnegative(),
      /** When it came, changed or was moved there, ms since the epoch. */
      at: z.number(),
      /** In hex; null where it was not read, or is gone. */
      sha256: z.string().nullable(),
    }),
  ),
  /** How many came beside those. */
  more: z.int().nonnegative(),
  /** Why the folder could not be looked through; null when it was. */
  problem: z.string().nullable(),
});
export type ConsumedFolder = z.infer<typeof ConsumedFolder>;

/** The exact difference between the database that was kept aside and the live one. */
export const DatabaseDelta = z.object({
  /** When it was begun, ms since the epoch. */
  at: z.number(),
  /** Names of the databases. */
  kept: z.string(),
  live: z.string(),
  seconds: z.number(),
  tables: z.array(TableDelta),
  /** The folder of the rows; null when they were only counted. */
  folder: z.string().nullable(),
  files: z.array(ExportedFile),
  /** What services consumed since the snapshot that is live now; absent where none declares it, or that moment is not known. */
  consumed: z.array(ConsumedFolder).optional(),
  /** When rollwatch removes the exported rows; null when there are none. */
  expiresAt: z.number().nullable(),
});
export type DatabaseDelta = z.infer<typeof DatabaseDelta>;

/** What became of one table when rows were brought back from the kept database. */
const ReappliedTable = z.object({
  table: z.string(),
  /** Rows that are in the live database now, and were not before. */
  applied: z.int().nonnegative(),
  /** Rows that need a person. */
  quarantined: z.int().nonnegative(),
});
export type ReappliedTable = z.infer<typeof ReappliedTable>;

/** What became of rows that were brought back from the kept database. */
export const Reapplied = z.object({
  at: z.number(),
  kept: z.string(),
  live: z.string(),
  seconds: z.number(),
  /** Whether all of it was tried, and taken back again. */
  isDryRun: z.boolean(),
  tables: z.array(ReappliedTable),
  /** Where `applied.jsonl` and `quarantine.jsonl` lie. */
  folder: z.string(),
  /** When rollwatch removes that folder. */
  expiresAt: z.number(),
});
export type Reapplied = z.infer<typeof Reapplied>;
