import type { EvidenceSeries } from "./evidence.ts";
import { rangeOf } from "./sparkline.ts";

/** The numbers of a plot in words: `0.2 to 1.4 seconds, limit 0.5, 12 of 80 samples above it`. */
export function tellScale({ unit, limit, samples, bad, points }: EvidenceSeries): string {
  const { low, high } = rangeOf(points);
  return `${short(low)} to ${short(high)} ${unit}, limit ${short(limit)}, ${bad} of ${samples} samples above it`;
}

/** A number as short as people need it. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
