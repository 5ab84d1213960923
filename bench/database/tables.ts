import { median } from "../recovery.ts";
import type { DatabaseFigures, Recovery, SizeFigures, SnapshotCost } from "./figures.ts";

/** The medians as Markdown tables. */
export function databaseTables({ sizes, journal }: DatabaseFigures): string {
  return [
    tableOf(
      [
        "size",
        "way back",
        "rounds",
        "no right answer for",
        "at worst",
        "proven after",
        "failed requests",
        "writes lost",
        "writes offered back",
        "load",
      ],
      sizes.flatMap((size) => [
        ...recoveryRows(size, "warm swap", size.warm),
        ...recoveryRows(size, "dump restored beside, then swapped", size.fallback),
        ...recoveryRows(size, "runbook", size.runbook),
      ]),
    ),
    tableOf(
      [
        "size",
        "runbook / warm swap",
        "runbook / fallback",
        "the same, until proven",
        "warm swap / that of the smallest size",
      ],
      sizes.map((size) => ratiosOf(size, sizes[0] ?? size)),
    ),
    tableOf(
      [
        "size",
        "snapshot",
        "rounds",
        "seconds",
        "MB",
        "failed requests",
        "write: median",
        "p99",
        "load",
      ],
      sizes.flatMap((size) => [
        ...quietRows(size),
        ...snapshotRows(size, "warm, online", size.online),
        ...snapshotRows(size, "warm, clone (services stopped)", size.clone),
        ...snapshotRows(size, "dump", size.dump),
      ]),
    ),
    tableOf(
      ["journal", "without", "with", "ratio"],
      (["inserts", "update"] as const).map((work) => {
        const without = median(journal.map((one) => one[work].without));
        const watched = median(journal.map((one) => one[work].with));
        const ratio = median(journal.map((one) => one[work].with / one[work].without));
        const what = work === "inserts" ? "2,000 inserts, one by one" : "update of 100,000 rows";
        return [what, seconds(without), seconds(watched), times(ratio)];
      }),
    ),
  ].join("\n\n");
}

/** None where nothing was measured. */
function recoveryRows(
  { name }: SizeFigures,
  way: string,
  rounds: readonly Recovery[],
): readonly (readonly string[])[] {
  const row = [
    name,
    way,
    String(rounds.length),
    seconds(median(rounds.map(({ gap }) => gap))),
    seconds(Math.max(...rounds.map(({ gap }) => gap))),
    seconds(median(rounds.map(({ verified }) => verified))),
    String(median(rounds.map(({ failed }) => failed))),
    String(median(rounds.map(({ lost }) => lost))),
    String(median(rounds.map(({ offered }) => offered))),
    String(median(rounds.map(({ load }) => load))),
  ];
  return rounds.length === 0 ? [] : [row];
}

function ratiosOf(
  { name, warm, fallback, runbook }: SizeFigures,
  smallest: SizeFigures,
): readonly string[] {
  const [ours, beside, theirs] = [warm, fallback, runbook].map((rounds) =>
    median(rounds.map(({ gap }) => gap)),
  );
  const proven = median(fallback.map(({ verified }) => verified));
  const done = median(runbook.map(({ verified }) => verified));
  const least = median(smallest.warm.map(({ gap }) => gap));
  return [
    name,
    times((theirs ?? Number.NaN) / (ours ?? Number.NaN)),
    times((theirs ?? Number.NaN) / (beside ?? Number.NaN)),
    times(done / proven),
    times((ours ?? Number.NaN) / least),
  ];
}

function quietRows({ name, quiet }: SizeFigures): readonly (readonly string[])[] {
  const writes = [quiet.map((one) => one.median), quiet.map((one) => one.p99)];
  const rounds = String(quiet.length);
  const row = [name, "none", rounds, "-", "-", "-", ...writes.map((one) => ms(median(one))), "-"];
  return quiet.length === 0 ? [] : [row];
}

/** None where nothing was measured. */
function snapshotRows(
  { name }: SizeFigures,
  what: string,
  rounds: readonly SnapshotCost[],
): readonly (readonly string[])[] {
  const writes = rounds.flatMap(({ write }) => (write === null ? [] : [write]));
  const row = [
    name,
    what,
    String(rounds.length),
    seconds(median(rounds.map((one) => one.seconds))),
    (median(rounds.map(({ bytes }) => bytes)) / 1e6).toFixed(0),
    String(median(rounds.map(({ failed }) => failed))),
    writes.length === 0 ? "-" : ms(median(writes.map((one) => one.median))),
    writes.length === 0 ? "-" : ms(median(writes.map((one) => one.p99))),
    String(median(rounds.map(({ load }) => load))),
  ];
  return rounds.length === 0 ? [] : [row];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function seconds(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(2)} s` : "-";
}

function ms(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} ms` : "-";
}

function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(ratio < 10 ? 1 : 0)}x` : "-";
}
