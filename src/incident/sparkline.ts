import type { EvidencePoint } from "./evidence.ts";

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
/** Where nothing could be measured. */
const GAP = "·";

/** Values as a row of bars, lowest to highest; a dot where nothing was measured. Empty for no points. */
export function sparkline(points: readonly EvidencePoint[]): string {
  const { low, high } = rangeOf(points);
  return points
    .map(({ value }) => {
      if (value === null) {
        return GAP;
      }
      const share = high > low ? (value - low) / (high - low) : 0;
      return BARS[Math.round(share * (BARS.length - 1))] ?? GAP;
    })
    .join("");
}

/** The lowest and the highest value; 0 to 0 where nothing was measured. */
export function rangeOf(points: readonly EvidencePoint[]): {
  readonly low: number;
  readonly high: number;
} {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  return values.length === 0
    ? { low: 0, high: 0 }
    : { low: Math.min(...values), high: Math.max(...values) };
}
