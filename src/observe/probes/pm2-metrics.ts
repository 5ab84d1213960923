import { z } from "zod";
import { ServiceName } from "../../model/application.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Pm2 } from "../../system/pm2.ts";
import type { ProcessMetrics } from "../../system/pm2-metrics.ts";
import { askPm2 } from "../ask-pm2.ts";
import { inUnit, METRIC_UNITS, unitOfMetric } from "../metric-units.ts";
import type { Probe } from "../probe.ts";
import { noMetrics } from "../scrapes.ts";

/** Reads what pm2 measures inside a service's processes, without any change to the application. */
export const Pm2MetricsProbeSettings = z.strictObject({
  kind: z.literal("pm2-metrics"),
  /** The service, by its pm2 name; of its workers the greatest value counts. */
  service: ServiceName,
  /** The metric as pm2 names it, such as `HTTP P95 Latency` or `Event Loop Latency p95`. */
  metric: z.string().min(1),
  /** What it is measured in, `value` for a plain number. Default: as pm2's own metrics are, else value. */
  unit: z.enum(METRIC_UNITS).optional(),
  /** Time between two looks. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** After this long pm2 counts as hung. Default 1500ms. */
  timeout: PositiveDuration.prefault("1500ms"),
});
export type Pm2MetricsProbeSettings = z.infer<typeof Pm2MetricsProbeSettings>;

/** What the probe asks. */
export interface Pm2MetricsProbePorts {
  readonly pm2: Pm2;
  readonly clock: Clock;
}

/** A probe that measures the greatest value among a service's processes; a metric that is missing proves nothing. */
export function createPm2MetricsProbe(
  name: string,
  settings: Pm2MetricsProbeSettings,
  { pm2, clock }: Pm2MetricsProbePorts,
): Probe {
  const { kind, service, interval, timeout } = settings;
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) =>
      askPm2(
        { pm2, clock, timeoutMs: timeout },
        async (deadline) => pm2.metrics([service], deadline),
        (processes) => readingOf(processes, settings),
        signal,
      ),
  };
}

function readingOf(
  processes: readonly ProcessMetrics[],
  { service, metric, unit = unitOfMetric(metric) }: Pm2MetricsProbeSettings,
): Reading {
  if (processes.length === 0) {
    return noMetrics(`no process of ${service} is running`);
  }
  const told = processes.flatMap(({ pid, metrics }) => {
    const one = metrics.get(metric);
    return one === undefined ? [] : [{ pid, ...one, base: inUnit(one, unit) }];
  });
  if (told.length === 0) {
    return noMetrics(`${service} tells no "${metric}", but ${tellNames(processes)}`);
  }
  const known = told.flatMap((one) => (one.base === undefined ? [] : [{ ...one, base: one.base }]));
  const [most] = known.toSorted((one, other) => other.base - one.base);
  if (most === undefined) {
    const [{ value, unit: given = "" } = { value: "" }] = told;
    return noMetrics(`"${metric}" of ${service} is ${value} ${given}, not in ${unit}`.trim());
  }
  const which = processes.length > 1 ? ` (pid ${most.pid}, the most of ${known.length})` : "";
  const detail = `${metric} of ${service}: ${[most.value, most.unit ?? ""].join(" ").trim()}${which}`;
  return { kind: "measured", value: most.base, detail, service };
}

function tellNames(processes: readonly ProcessMetrics[]): string {
  const names = new Set(processes.flatMap(({ metrics }) => [...metrics.keys()]));
  return names.size === 0 ? "nothing at all" : [...names].join(", ");
}
