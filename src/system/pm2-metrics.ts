import { z } from "zod";
import { statusOf, type Pm2Record } from "./pm2-record.ts";

/** What a process told pm2 of itself: a number or its text, and a unit such as `ms` or `MiB`. */
export interface ProcessMetric {
  readonly value: number | string;
  readonly unit?: string;
}

/** The metrics of one running process, by their names. */
export interface ProcessMetrics {
  readonly service: string;
  readonly pid: number;
  readonly metrics: ReadonlyMap<string, ProcessMetric>;
}

/** Metrics of one process beyond which the others are not read: an application names its own as it likes. */
const MAX_METRICS = 500;

const Metric = z.object({
  value: z.union([z.number(), z.string().max(100)]),
  unit: z.string().max(100).optional(),
});

/** What the named services' running processes told; those that are not running told it long ago. */
export function toMetrics(
  records: readonly Pm2Record[],
  names: readonly string[],
): readonly ProcessMetrics[] {
  return records
    .filter((one) => names.includes(one.name) && statusOf(one) === "online" && one.pid !== 0)
    .map((one) => ({
      service: one.name,
      pid: one.pid ?? 0,
      metrics: metricsOf(one.pm2_env["axm_monitor"]),
    }));
}

function metricsOf(monitor: unknown): ReadonlyMap<string, ProcessMetric> {
  if (typeof monitor !== "object" || monitor === null) {
    return new Map();
  }
  return new Map(
    Object.entries(monitor)
      .slice(0, MAX_METRICS)
      .flatMap(([name, value]) => {
        const metric = Metric.safeParse(value);
        return metric.success ? [[name, toMetric(metric.data)] as const] : [];
      }),
  );
}

function toMetric({ value, unit }: z.infer<typeof Metric>): ProcessMetric {
  return unit === undefined ? { value } : { value, unit };
}
