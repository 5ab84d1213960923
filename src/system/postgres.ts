/** What the watched database says when rollwatch itself asks. */
export type DatabaseAnswer =
  | { readonly kind: "answers"; readonly tookMs: number; readonly version: string }
  | { readonly kind: "fails"; readonly sqlstate: string | null; readonly detail: string };

/** The watched database: looked at, never changed. */
export interface Database {
  /** `select 1` on a connection of its own, with deadlines on connect and query. */
  check(signal: AbortSignal): Promise<DatabaseAnswer>;
  /** The newest applied migration and their number, such as `003_summary (3)`; null when the table does not exist. */
  schemaRevision(signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}
