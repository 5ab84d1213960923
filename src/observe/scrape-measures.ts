import type { Reading } from "../model/sample.ts";
import { tellDuration } from "../model/units.ts";
import type { Counter, Counters } from "./counters.ts";
import type { Exposition, Series } from "./exposition.ts";
import { noMetrics } from "./scrapes.ts";

/** Values of labels whose series are left out. */
export type Ignored = Readonly<Record<string, readonly string[]>>;

/** Which counters a measure reads. */
export interface CountedMetric {
  readonly metric: string;
  /** The label that tells which of several processes counted. */
  readonly workerLabel: string;
  readonly ignore: Ignored;
}

/** More requests than this between two looks nobody has served, and judging them would take long. */
const MOST_REQUESTS = 1e9;
const OTHER_STATUS_LABELS = ["code", "status_code"];

/** The requests since the look before, and how many of them were answered with 5xx. */
export function errorsSince(
  exposition: Exposition,
  { statusLabel, ...counted }: CountedMetric & { readonly statusLabel: string },
  counters: Counters,
): Reading {
  const plain = exposition.series(counted.metric);
  // A histogram counts its requests under a name of its own.
  const all = plain.length > 0 ? plain : exposition.series(`${counted.metric}_count`);
  if (all.length === 0 && !exposition.declares(counted.metric)) {
    return noMetrics(`there is no ${counted.metric}`);
  }
  const label = [statusLabel, ...OTHER_STATUS_LABELS].find((one) =>
    all.some((series) => series.labels.has(one)),
  );
  if (label === undefined && all.length > 0) {
    return noMetrics(`${counted.metric} has no label ${statusLabel}`);
  }
  const series = all.filter((one) => !isIgnored(one, counted.ignore));
  const growth = counters.grow(countersOf(series, "", counted), processOf(exposition));
  if (growth.kind === "unsure") {
    return noMetrics(growth.detail);
  }
  const bad = series.filter((one) => /^5(?:\d\d|xx)$/iu.test(one.labels.get(label ?? "") ?? ""));
  const counts = { bad: sumOf(growth.by, bad, ""), total: sumOf(growth.by, series, "") };
  return measured(counts, `${counts.bad} of ${counts.total} requests failed (5xx)`);
}

/** The requests since the look before, and how many of them took longer than `limit` seconds. */
export function slowSince(
  exposition: Exposition,
  { limit, ...counted }: CountedMetric & { readonly limit: number },
  counters: Counters,
): Reading {
  const { metric, ignore } = counted;
  if (![metric, `${metric}_bucket`].some((name) => exposition.declares(name))) {
    return noMetrics(`there is no ${metric}`);
  }
  const counts = exposition.series(`${metric}_count`).filter((one) => !isIgnored(one, ignore));
  const buckets = exposition.series(`${metric}_bucket`).filter((one) => !isIgnored(one, ignore));
  const edge = edgeFor(limit, buckets);
  if (edge === undefined && buckets.length > 0) {
    return noMetrics(`${metric} has no bucket that ends at ${tellDuration(limit * 1000)} or above`);
  }
  const quick = buckets.filter((one) => edgeOf(one) === edge);
  const growth = counters.grow(
    [...countersOf(counts, "all", counted), ...countersOf(quick, "quick", counted)],
    processOf(exposition),
  );
  if (growth.kind === "unsure") {
    return noMetrics(growth.detail);
  }
  const total = sumOf(growth.by, counts, "all");
  const bad = Math.max(0, total - sumOf(growth.by, quick, "quick"));
  const limits = tellDuration((edge ?? limit) * 1000);
  const why =
    edge === undefined || edge === limit ? "" : ", the next bucket's edge above the limit";
  return measured({ bad, total }, `${bad} of ${total} requests took over ${limits}${why}`);
}

/** What a gauge shows; with `over` its share of another gauge. */
export interface GaugeMetric {
  readonly metric: string;
  readonly over?: string | undefined;
  readonly aggregate: "sum" | "max";
  readonly ignore: Ignored;
}

/** The value of a gauge, over all its series. */
export function gaugeNow(exposition: Exposition, settings: GaugeMetric): Reading {
  const { metric, over, aggregate, ignore } = settings;
  const series = finiteOf(exposition, metric, ignore);
  if (series.length === 0) {
    return noMetrics(`there is no value of ${metric}`);
  }
  if (over === undefined) {
    const value = aggregated(
      series.map((one) => one.value),
      aggregate,
    );
    return Number.isFinite(value)
      ? { kind: "measured", value, detail: `${metric} is ${value}` }
      : noMetrics(`the sum of ${metric} is beyond every number`);
  }
  const whole = finiteOf(exposition, over, ignore);
  // The greatest share is that of two series with the same labels.
  const shares = aggregate === "sum" ? [shareOf(series, whole)] : sharesOf(series, whole);
  const known = shares.filter((share) => Number.isFinite(share));
  if (known.length === 0) {
    return noMetrics(`${metric} cannot be divided by ${over}`);
  }
  const value = aggregated(known, "max");
  const detail = `${metric} is ${Math.round(value * 100)} % of ${over}`;
  return { kind: "measured", value, detail };
}

function shareOf(part: readonly Series[], whole: readonly Series[]): number {
  const [used, all] = [part, whole].map((series) =>
    aggregated(
      series.map((one) => one.value),
      "sum",
    ),
  );
  return (used ?? 0) / (all ?? 0);
}

function sharesOf(part: readonly Series[], whole: readonly Series[]): readonly number[] {
  const byKey = new Map(whole.map((one) => [one.key, one.value]));
  return part.map((one) => one.value / (byKey.get(one.key) ?? 0));
}

function aggregated(values: readonly number[], aggregate: "sum" | "max"): number {
  let result = aggregate === "sum" ? 0 : -Infinity;
  for (const value of values) {
    result = aggregate === "sum" ? result + value : Math.max(result, value);
  }
  return result;
}

function finiteOf(exposition: Exposition, metric: string, ignore: Ignored): readonly Series[] {
  return exposition
    .series(metric)
    .filter((one) => Number.isFinite(one.value) && !isIgnored(one, ignore));
}

function isIgnored({ labels }: Series, ignore: Ignored): boolean {
  return Object.entries(ignore).some(([label, values]) => values.includes(labels.get(label) ?? ""));
}

/** The smallest finite edge of a bucket that is no less than the limit: what is fine is never called slow. */
function edgeFor(limit: number, buckets: readonly Series[]): number | undefined {
  const edges = new Set(buckets.map(edgeOf));
  const above = [...edges].filter((edge) => Number.isFinite(edge) && edge >= limit);
  return above.length === 0
    ? undefined
    : -aggregated(
        above.map((edge) => -edge),
        "max",
      );
}

function edgeOf({ labels }: Series): number {
  return Number(labels.get("le"));
}

function countersOf(
  series: readonly Series[],
  prefix: string,
  { workerLabel }: CountedMetric,
): readonly Counter[] {
  return series
    .filter((one) => Number.isFinite(one.value) && one.value >= 0)
    .map((one) => {
      const worker = one.labels.get(workerLabel);
      const counter = { key: prefix + one.key, value: one.value };
      return worker === undefined ? counter : { ...counter, worker };
    });
}

function processOf(exposition: Exposition): string {
  return String(exposition.series("process_start_time_seconds")[0]?.value ?? "");
}

function sumOf(by: ReadonlyMap<string, number>, series: readonly Series[], prefix: string): number {
  let sum = 0;
  for (const { key } of series) {
    sum += by.get(prefix + key) ?? 0;
  }
  return Math.round(sum);
}

function measured(
  counts: { readonly bad: number; readonly total: number },
  detail: string,
): Reading {
  if (!(counts.total <= MOST_REQUESTS)) {
    return noMetrics(`its counters grew by ${counts.total} at once`);
  }
  const value = counts.total === 0 ? 0 : counts.bad / counts.total;
  return { kind: "measured", value, detail, counts };
}
