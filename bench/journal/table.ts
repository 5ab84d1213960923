import { median } from "../recovery.ts";
import type { JournalResult } from "./measure.ts";
import { WAYS } from "./writes.ts";

const NAMES = {
  journal: "the journal (SQLite, WAL, hash chain)",
  fsync: "append and fsync",
  fdatasync: "append and fdatasync",
} as const;
/** What is aimed at; milliseconds but for the number of writes. */
const AIMS = { write: 5, resume: 2000, writesPerStep: 2 } as const;

/** The figures as Markdown, and whether the aims were met. */
export function journalTables({ writes, resumes }: JournalResult): string {
  const ways = WAYS.map((way) => [
    NAMES[way],
    milliseconds(median(writes[way])),
    milliseconds(percentile(writes[way], 0.95)),
  ]);
  const resumed = resumes.map((one) => one.toResumed);
  const most = Math.max(...resumes.map((one) => one.writesPerStep));
  const restarts = [
    ["until the journal says that it started", tellAll(resumes.map((one) => one.toStarted))],
    ["until the recovery is resumed", tellAll(resumed)],
  ];
  return [
    ...tableOf(["a synced write", "median", "p95"], ways),
    "",
    ...tableOf(
      ["after the new process's beginning", "median", "worst"],
      restarts.map((row) => row.flat()),
    ),
    "",
    `A write under ${AIMS.write} ms at the median: ${tellMet(median(writes.journal) < AIMS.write)}.`,
    `Resumed within ${AIMS.resume / 1000} s: ${tellMet(Math.max(...resumed) <= AIMS.resume)}.`,
    `At most ${AIMS.writesPerStep} writes that a step waits for: ${tellMet(most <= AIMS.writesPerStep)} (${most}).`,
  ].join("\n");
}

function tellAll(times: readonly number[]): readonly string[] {
  return [milliseconds(median(times)), milliseconds(Math.max(...times))];
}

function tellMet(isMet: boolean): string {
  return isMet ? "met" : "MISSED";
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
}

/** The value below which this share of them lies. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 100 ? 2 : 0)} ms`;
}
