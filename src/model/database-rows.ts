import type { ConsumedFolder, DatabaseDelta, Reapplied, TableLoss } from "./database-delta.ts";

/** What going back to a release's snapshot of the database would lose. */
export interface LossReport {
  readonly release: string;
  /** The database that would take the live one's place. */
  readonly warm: string;
  /** The moment of its data, ms since the epoch. */
  readonly at: number;
  /** Of the tables that lost anything, or may have. */
  readonly tables: readonly TableLoss[];
  /** What services consumed since; absent where none declares it. */
  readonly consumed?: readonly ConsumedFolder[];
}

/** How far a comparison is. */
export interface TableProgress {
  readonly table: string;
  /** From 1 to `of`. */
  readonly number: number;
  readonly of: number;
}

/** The rows of the live database and of the one that a swap has kept, for people: none of it happens by itself. */
export interface DatabaseRows {
  /** Seconds, not minutes. */
  estimate(release: string | undefined, signal: AbortSignal): Promise<LossReport>;
  /** Reads both databases whole. Rows are exported into a new folder: `folder`, or one of the state folder's where it is true. */
  delta(
    request: {
      /** Default: the newest one that was kept. */
      readonly kept?: string | undefined;
      readonly export: string | boolean;
      readonly onTable?: (progress: TableProgress) => void;
    },
    signal: AbortSignal,
  ): Promise<DatabaseDelta>;
  /** Brings the rows that only the kept database has back into tables that only get new ones; writes into the live database. */
  reapply(
    request: {
      readonly kept?: string | undefined;
      /** `schema.name`. */
      readonly tables: readonly string[];
      readonly isDryRun: boolean;
    },
    signal: AbortSignal,
  ): Promise<Reapplied>;
  /** Makes what the kept database's journal has noted since the live one's snapshot in the live one, in its order. */
  replay(
    request: {
      readonly kept?: string | undefined;
      /** pg_current_snapshot() of the live database's data. Default: as the kept database's journal has it. */
      readonly snapshot?: string | undefined;
      readonly isDryRun: boolean;
    },
    signal: AbortSignal,
  ): Promise<Reapplied>;
  /** Has every later write noted; what is, and what is not. */
  installJournal(signal: AbortSignal): Promise<JournalState>;
  /** Ends the journal of the live database, with everything that it noted. */
  removeJournal(signal: AbortSignal): Promise<void>;
}

/** What is journaled of a database, and what is not. */
export interface JournalState {
  /** `schema.name`. */
  readonly journaled: readonly string[];
  readonly missing: readonly { readonly table: string; readonly why: string }[];
}
