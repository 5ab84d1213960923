import { median } from "../recovery.ts";
import type { DetectionResult, FaultResult } from "./measure.ts";

/** The medians of one watcher over the rounds of one fault. */
export interface Detected {
  readonly watcher: string;
  /** Rounds in which it decided in time. */
  readonly found: number;
  /** Seconds from the fault to its decision, of those rounds; null without any, or where it is blind. */
  readonly seconds: number | null;
  /** Its seconds divided by rollwatch's. */
  readonly ratio: number | null;
}

/** What each watcher showed for a fault, rollwatch first. */
export function detectedOf(
  { rounds, blind }: FaultResult,
  watchers: readonly string[],
): readonly Detected[] {
  const all = watchers.map((watcher) => {
    const seconds = rounds.flatMap(({ decided }) => decided[watcher] ?? []);
    const isBlind = blind.includes(watcher);
    return {
      watcher,
      found: isBlind ? 0 : seconds.length,
      seconds: isBlind || seconds.length === 0 ? null : median(seconds),
    };
  });
  const own = all[0]?.seconds ?? null;
  return all.map((one) => ({
    ...one,
    ratio: one.seconds === null || own === null ? null : one.seconds / own,
  }));
}

/** The same with each fault's medians, for who reads the JSON. */
export function withMedians(result: DetectionResult): object {
  const { faults, watchers } = result;
  return {
    ...result,
    faults: faults.map((one) => ({ ...one, medians: detectedOf(one, watchers) })),
  };
}

/** What came out as Markdown tables: faults, and false alarms where noise was played. */
export function detectionTables({ faults, noise, watchers, pace }: DetectionResult): string {
  const tables = [
    faultTable(faults, watchers),
    ...(noise.length === 0 ? [] : [noiseTable(noise, watchers)]),
  ];
  const { intervalMs, badProbes, timeoutMs } = pace;
  const told = `every ${intervalMs / 1000} s, ${badProbes} bad ones in a row, timeout ${timeoutMs / 1000} s`;
  return [`All watchers: ${told}.`, ...tables].join("\n\n");
}

function faultTable(faults: readonly FaultResult[], watchers: readonly string[]): string {
  const rows = faults.map((fault) => {
    const detected = detectedOf(fault, watchers);
    const own = detected[0]?.seconds ?? null;
    return [
      `\`${fault.name}\``,
      `${fault.leastSeconds.toFixed(1)} s`,
      ...detected.map((one) => tellDetected(one, fault)),
      own === null ? "-" : `${(own - fault.leastSeconds).toFixed(1)} s`,
      median(fault.rounds.map(({ load }) => load)).toFixed(1),
    ];
  });
  return table(["fault", "least", ...watchers, "rollwatch above least", "load"], rows);
}

function tellDetected({ watcher, found, seconds, ratio }: Detected, fault: FaultResult): string {
  if (fault.blind.includes(watcher)) {
    return "cannot see it";
  }
  if (seconds === null) {
    return "not in time";
  }
  const times = ratio === null || ratio === 1 ? "" : ` (${ratio.toFixed(2)}x)`;
  const rounds = fault.rounds.length;
  return `${seconds.toFixed(1)} s${times}${found < rounds ? `, ${found} of ${rounds}` : ""}`;
}

function noiseTable(noise: DetectionResult["noise"], watchers: readonly string[]): string {
  const rows = noise.map(({ title, seconds, falseAlarms }) => [
    title,
    `${seconds} s`,
    ...watchers.map((watcher) => String(falseAlarms[watcher] ?? 0)),
  ]);
  return table(
    ["noise of a healthy target", "for", ...watchers.map((one) => `false alarms of ${one}`)],
    rows,
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
