import { median } from "../recovery.ts";
import type { InstrumentResult } from "./measure.ts";
import type { Stretch } from "./stretch.ts";

const ROWS = [
  { name: "requests a second", of: (one: Stretch) => one.requestsPerSecond, digits: 0 },
  { name: "p99, ms", of: (one: Stretch) => one.p99Ms, digits: 2 },
  { name: "CPU of one request, µs", of: (one: Stretch) => one.cpuMicroseconds, digits: 1 },
] as const;

/** The medians of all rounds, and the median of the rounds' own ratios, as a Markdown table. */
export function instrumentTable({ rounds }: InstrumentResult): string {
  const lines = ROWS.map(({ name, of, digits }) => {
    const without = median(rounds.map((round) => of(round.without)));
    const watched = median(rounds.map((round) => of(round.with)));
    const ratio = median(rounds.map((round) => of(round.with) / of(round.without)));
    return [name, without.toFixed(digits), watched.toFixed(digits), ratio.toFixed(3)];
  });
  const head = ["a plain server", "without the preload", "with it", "ratio"];
  return [head, head.map(() => "---"), ...lines].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
