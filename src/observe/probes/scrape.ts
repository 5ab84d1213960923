import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import { messageOf } from "../../model/failure.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import { ESCAPES_EXPECTED, hasWholeEscapes } from "../../model/whole-escapes.ts";
import { createCounters, type Counters } from "../counters.ts";
import { type Exposition, MalformedMetrics } from "../exposition.ts";
import type { Probe } from "../probe.ts";
import { errorsSince, gaugeNow, slowSince } from "../scrape-measures.ts";
import { noMetrics, type Scrapes } from "../scrapes.ts";

const MetricName = z
  .string()
  .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/u, "expected a metric's name such as http_requests_total");
const LabelName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/u, "expected a label's name such as status");

const page = {
  kind: z.literal("scrape"),
  /** The application's own metrics, in Prometheus' text format; `dir:/folder` of those that `rollwatch/instrument` keeps there. */
  url: z
    .url({ protocol: /^(https?|dir)$/u, abort: true })
    .refine(hasWholeEscapes, ESCAPES_EXPECTED),
  /** Time between two scrapes; signals of one page share them. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** After this long without a whole answer there are no metrics, which is nobody's fault. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
  /** Series that are left out: values by label, such as the routes that rollwatch itself asks. Default none. */
  ignore: z.record(LabelName, z.array(z.string()).min(1)).default({}),
};
/** The label that tells several processes behind one address apart. Default worker. */
const workerLabel = LabelName.default("worker");

/** Reads what the application itself counts: failed requests, slow requests, or a gauge. */
export const ScrapeProbeSettings = z.discriminatedUnion("measure", [
  z.strictObject({
    ...page,
    /** Requests answered with 5xx, as a share of all. */
    measure: z.literal("errors"),
    /** A counter of requests, or a histogram. Default http_requests_total. */
    metric: MetricName.default("http_requests_total"),
    /** Its label that holds the status code; `code` and `status_code` are tried too. Default status. */
    statusLabel: LabelName.default("status"),
    workerLabel,
  }),
  z.strictObject({
    ...page,
    /** Requests that took longer than the signal's limit (seconds), as a share of all. */
    measure: z.literal("slow-requests"),
    /** A histogram in seconds; the limit should be the edge of a bucket. Default http_request_duration_seconds. */
    metric: MetricName.default("http_request_duration_seconds"),
    workerLabel,
  }),
  z.strictObject({
    ...page,
    /** The value of a gauge. */
    measure: z.literal("gauge"),
    metric: MetricName,
    /** Another gauge that it is divided by. */
    over: MetricName.optional(),
    /** What is made of several series: their `sum`, or the greatest (`max`). Default sum. */
    aggregate: z.enum(["sum", "max"]).default("sum"),
  }),
]);
export type ScrapeProbeSettings = z.infer<typeof ScrapeProbeSettings>;

/** What it is judged by, and the pages it reads. */
export interface ScrapeProbePorts {
  readonly scrapes: Scrapes;
  /** The signal's limit; seconds for slow requests. */
  readonly limit: number;
}

/** A probe that reads the application's metrics. Those that are missing prove nothing. */
export function createScrapeProbe(
  name: string,
  settings: ScrapeProbeSettings,
  { scrapes, limit }: ScrapeProbePorts,
): Probe {
  const { kind, url, interval, timeout } = settings;
  const counters = createCounters();
  const target = { url, timeoutMs: timeout, maxAgeMs: interval / 2 };
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      const scraped = await scrapes.scrape(target, signal);
      return scraped.kind === "scraped"
        ? readingOf(scraped.exposition, settings, { limit, counters })
        : scraped;
    },
  };
}

function readingOf(
  exposition: Exposition,
  settings: ScrapeProbeSettings,
  { limit, counters }: { readonly limit: number; readonly counters: Counters },
): Reading {
  try {
    switch (settings.measure) {
      case "errors":
        return errorsSince(exposition, settings, counters);
      case "slow-requests":
        return slowSince(exposition, { ...settings, limit }, counters);
      case "gauge":
        return gaugeNow(exposition, settings);
      default:
        return assertNever(settings);
    }
  } catch (error) {
    if (error instanceof MalformedMetrics) {
      return noMetrics(messageOf(error));
    }
    throw error;
  }
}
