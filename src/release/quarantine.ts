import { join } from "node:path";
import type { ReappliedTable } from "../model/database-delta.ts";
import type { Files } from "../system/files.ts";
import { createLines } from "../system/lines-file.ts";

/** What is written down of rows that were brought back, and of those that were not. */
export interface Quarantine {
  /** `rows` are JSON, or what names a row. */
  apply(table: string, rows: readonly string[]): Promise<void>;
  refuse(table: string, row: string, reason: string): Promise<void>;
  /** Counts per table, in the order in which they came. */
  tables(): readonly ReappliedTable[];
  close(): Promise<void>;
}

/** Makes both files in `folder`, which is made, too. */
export async function openQuarantine(files: Files, folder: string): Promise<Quarantine> {
  await files.makeFolder(folder, 0o700);
  const [applied, refused] = await Promise.all([
    createLines(join(folder, "applied.jsonl")),
    createLines(join(folder, "quarantine.jsonl")),
  ]);
  const counts = new Map<string, { readonly applied: number; readonly quarantined: number }>();
  function count(
    table: string,
    more: { readonly applied?: number; readonly quarantined?: number },
  ): void {
    const before = counts.get(table) ?? { applied: 0, quarantined: 0 };
    counts.set(table, {
      applied: before.applied + (more.applied ?? 0),
      quarantined: before.quarantined + (more.quarantined ?? 0),
    });
  }
  return {
    apply: async (table, rows) => {
      count(table, { applied: rows.length });
      await applied.write(rows.map((row) => `{"table":${JSON.stringify(table)},"row":${row}}`));
    },
    refuse: async (table, row, reason) => {
      count(table, { quarantined: 1 });
      const head = JSON.stringify({ table, reason }).slice(0, -1);
      await refused.write([`${head},"row":${row}}`]);
    },
    tables: () => [...counts].map(([table, both]) => ({ table, ...both })),
    close: async () => {
      await Promise.all([applied.close(), refused.close()]);
    },
  };
}
