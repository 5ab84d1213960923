import { median } from "../recovery.ts";
import type { BesideResult, BesideStretch } from "./beside.ts";
import { spread } from "./figures.ts";
import type { FootprintResult } from "./measure.ts";
import type { ProbingCase } from "./probing.ts";
import type { ApplicationStretch, DaemonStretch } from "./watching.ts";

/** What the rounds showed, as Markdown tables of medians. */
export function footprintTables({ watching, probing, beside }: FootprintResult): string {
  return [
    daemonTable(watching.idle, watching.loaded),
    besideTable(beside),
    probingTable(probing),
    applicationTable(watching.alone, watching.watched),
  ].join("\n\n");
}

function daemonTable(idle: readonly DaemonStretch[], loaded: readonly DaemonStretch[]): string {
  const rows = [
    { name: "the application is idle", stretches: idle },
    { name: "20 requests a second", stretches: loaded },
  ].map(({ name, stretches }) => [
    name,
    mebibytes(medianOf(stretches, (one) => one.rssBytes)),
    mebibytes(medianOf(stretches, (one) => one.anonymousBytes)),
    mebibytes(medianOf(stretches, (one) => one.heapUsedBytes)),
    percent(medianOf(stretches, (one) => one.coreRatio)),
    medianOf(stretches, (one) => one.requestsPerMinute).toFixed(0),
    medianOf(stretches, (one) => one.connectionsPerMinute).toFixed(0),
  ]);
  const head = [
    "the daemon while",
    "resident",
    "of it its own",
    "heap used",
    "of one core",
    "requests a minute",
    "connections a minute",
  ];
  return table(head, rows);
}

/** In brackets how many times rollwatch's, which is the first. */
function besideTable(results: readonly BesideResult[]): string {
  const rows = (["answering", "hanging"] as const).flatMap((kind) =>
    results.map((one) => besideRow(one.name, one[kind], { kind, own: results[0]?.[kind] ?? [] })),
  );
  const head = [
    "watcher",
    "the addresses",
    "resident",
    "of one core",
    "questions",
    "CPU each",
    "late p50",
    "late p99",
    "latest",
    "load",
  ];
  return table(head, rows);
}

function besideRow(
  name: string,
  stretches: readonly BesideStretch[],
  { kind, own }: { readonly kind: string; readonly own: readonly BesideStretch[] },
): readonly string[] {
  function ratio(pick: (one: BesideStretch) => number): string {
    return stretches === own
      ? ""
      : ` (${(medianOf(stretches, pick) / medianOf(own, pick)).toFixed(2)}x)`;
  }
  return [
    name,
    kind === "hanging" ? "one of 17 hangs" : "all answer",
    `${mebibytes(medianOf(stretches, (one) => one.rssBytes))}${ratio((one) => one.rssBytes)}`,
    percent(medianOf(stretches, (one) => one.coreRatio)),
    medianOf(stretches, (one) => one.questions).toFixed(0),
    `${medianOf(stretches, (one) => one.cpuMsPerQuestion).toFixed(2)} ms${ratio((one) => one.cpuMsPerQuestion)}`,
    `${medianOf(stretches, (one) => one.lateMs.p50).toFixed(0)} ms`,
    `${medianOf(stretches, (one) => one.lateMs.p99).toFixed(0)} ms`,
    `${medianOf(stretches, (one) => one.lateMs.max).toFixed(0)} ms`,
    medianOf(stretches, (one) => one.load).toFixed(1),
  ];
}

function probingTable(cases: readonly ProbingCase[]): string {
  const rows = cases.map(({ name, rounds }) => [
    name,
    medianOf(rounds, (one) => one.askedPerSecond).toFixed(0),
    medianOf(rounds, (one) => one.healthyPerSecond).toFixed(0),
    `${medianOf(rounds, (one) => one.cpuMsPerRun).toFixed(2)} ms`,
    percent(medianOf(rounds, (one) => one.coreRatio)),
    mebibytes(medianOf(rounds, (one) => one.addedBytes)),
    `${medianOf(rounds, (one) => one.lateMs.p99).toFixed(1)} ms`,
    `${medianOf(rounds, (one) => one.lateMs.max).toFixed(1)} ms`,
  ]);
  const head = [
    "probes",
    "due a second",
    "answered a second",
    "CPU each",
    "of one core",
    "memory added",
    "late p99",
    "latest",
  ];
  return table(head, rows);
}

function applicationTable(
  alone: readonly ApplicationStretch[],
  watched: readonly ApplicationStretch[],
): string {
  const rows = [
    { name: "alone", stretches: alone },
    { name: "watched", stretches: watched },
  ].map(({ name, stretches }) => [
    name,
    percent(medianOf(stretches, (one) => one.coreRatio)),
    `${medianOf(stretches, (one) => one.p50Ms).toFixed(1)} ms`,
    `${medianOf(stretches, (one) => one.p99Ms).toFixed(1)} ms`,
    `${spread(stretches.map((one) => one.p99Ms)).toFixed(2)}x`,
  ]);
  const head = ["the application", "of one core", "p50", "p99", "p99 of the worst round / best"];
  return table(head, rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function medianOf<T>(values: readonly T[], pick: (value: T) => number): number {
  return median(values.map(pick));
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
