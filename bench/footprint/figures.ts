/** The value below which the share `q` (0..1) of the values lies; of none NaN. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1));
  return sorted[place] ?? Number.NaN;
}

/** The greatest of some values divided by the least: how far repetitions of the same differ. */
export function spread(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values);
}
