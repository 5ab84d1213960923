/** One recovery of the database, as the application's clients saw it. */
export interface Recovery {
  /** Longest time without a right answer, s. */
  readonly gap: number;
  /** From the beginning to the proof, or to the last command where nothing is proven, s. */
  readonly verified: number;
  readonly failed: number;
  /** Acknowledged writes that are in no database any more. */
  readonly lost: number;
  /** Acknowledged writes that only the kept database has. */
  readonly offered: number;
  readonly load: number;
}

/** ms. */
export interface Percentiles {
  readonly median: number;
  readonly p99: number;
}

/** What a snapshot costs. */
export interface SnapshotCost {
  readonly seconds: number;
  /** On disk. */
  readonly bytes: number;
  /** Requests of clients that failed meanwhile. */
  readonly failed: number;
  /** The median write meanwhile, and the slowest of a hundred, ms; null where the clients stood still. */
  readonly write: Percentiles | null;
  readonly load: number;
}

/** Everything about one size. */
export interface SizeFigures {
  readonly name: string;
  readonly bytes: number;
  /** Writes of the same clients while nothing else happens, ms. */
  readonly quiet: readonly Percentiles[];
  readonly online: readonly SnapshotCost[];
  readonly clone: readonly SnapshotCost[];
  readonly dump: readonly SnapshotCost[];
  readonly warm: readonly Recovery[];
  readonly fallback: readonly Recovery[];
  readonly runbook: readonly Recovery[];
}

/** Seconds of the same work without and with the journal's triggers. */
export interface JournalRound {
  readonly inserts: { readonly without: number; readonly with: number };
  readonly update: { readonly without: number; readonly with: number };
}

export interface DatabaseFigures {
  readonly sizes: readonly SizeFigures[];
  readonly journal: readonly JournalRound[];
}
