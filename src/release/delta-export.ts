import { join } from "node:path";
import type { ExportedFile } from "../model/database-delta.ts";
import { createLines, type LinesFile } from "../system/lines-file.ts";
import type { Difference, TablePair } from "../system/postgres-delta.ts";
import { fetchRows } from "../system/postgres-fetch.ts";
import type { Comparison } from "../system/postgres-stream.ts";

const LONGEST_NAME = 80;

/** Writes the rows of one table that differ. */
export interface RowsExport {
  add(how: Comparison, differences: readonly Difference[]): Promise<void>;
  /** The file, where there was anything to write; safe to call twice. */
  close(): Promise<readonly ExportedFile[]>;
}

/** An export into `folder`; without one nothing is read again and nothing written. The file is made with its first row. */
export function openExport(
  folder: string | undefined,
  pair: TablePair,
  number: number,
): RowsExport {
  const { table } = pair;
  // A table's name may hold anything, a slash for instance.
  const file = `${number}-${table.replaceAll(/[^\w.-]/gu, "_").slice(0, LONGEST_NAME)}.jsonl`;
  let lines: LinesFile | undefined;
  return {
    add: async (how, differences) => {
      if (folder !== undefined) {
        lines ??= await createLines(join(folder, file));
        await lines.write(await linesOf(pair, how, differences));
      }
    },
    close: async () => {
      const open = lines;
      lines = undefined;
      return open === undefined ? [] : [{ table, file, ...(await open.close()) }];
    },
  };
}

async function linesOf(
  { kept, live }: TablePair,
  how: Comparison,
  differences: readonly Difference[],
): Promise<readonly string[]> {
  const ours = differences.filter(({ kind }) => kind === "inserted" || kind === "updated");
  const theirs = differences.filter(({ kind }) => kind !== "inserted");
  const [keptRows, liveRows] = await Promise.all([
    fetchRows(
      kept.client,
      kept.shape,
      how,
      ours.map(({ row }) => row),
    ),
    fetchRows(
      live.client,
      live.shape,
      how,
      theirs.map(({ row }) => row),
    ),
  ]);
  return differences.flatMap(({ kind, row, copies }) => {
    const [one, other] = [keptRows.get(row), liveRows.get(row)];
    const parts = [
      `"op":"${kind}"`,
      ...(one === undefined ? [] : [`"kept":${one}`]),
      ...(other === undefined ? [] : [`"live":${other}`]),
    ];
    return Array.from({ length: copies }, () => `{${parts.join(",")}}`);
  });
}
