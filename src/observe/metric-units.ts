/** What a metric of pm2 may be measured in, base units; `value` for a plain number. */
export const METRIC_UNITS = ["seconds", "bytes", "ratio", "value"] as const;
type MetricUnit = (typeof METRIC_UNITS)[number];

/** Units that applications and pm2's own agent use, and their size in the base unit. */
const UNITS: Readonly<Record<string, { readonly unit: MetricUnit; readonly size: number }>> = {
  ns: { unit: "seconds", size: 1e-9 },
  us: { unit: "seconds", size: 1e-6 },
  µs: { unit: "seconds", size: 1e-6 },
  ms: { unit: "seconds", size: 1e-3 },
  s: { unit: "seconds", size: 1 },
  sec: { unit: "seconds", size: 1 },
  min: { unit: "seconds", size: 60 },
  b: { unit: "bytes", size: 1 },
  kb: { unit: "bytes", size: 1000 },
  mb: { unit: "bytes", size: 1000 ** 2 },
  gb: { unit: "bytes", size: 1000 ** 3 },
  kib: { unit: "bytes", size: 1024 },
  mib: { unit: "bytes", size: 1024 ** 2 },
  gib: { unit: "bytes", size: 1024 ** 3 },
  "%": { unit: "ratio", size: 0.01 },
};

/** The metrics of pm2's own agent that are no plain numbers. */
const KNOWN: Readonly<Record<string, MetricUnit>> = {
  "HTTP Mean Latency": "seconds",
  "HTTP P95 Latency": "seconds",
  "Event Loop Latency": "seconds",
  "Event Loop Latency p95": "seconds",
  "Heap Size": "bytes",
  "Used Heap Size": "bytes",
  "Heap Usage": "ratio",
};

const NUMBER = /^\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(\S*)\s*$/u;

/** What a metric of this name is measured in; `value` for one that is not pm2's own. */
export function unitOfMetric(name: string): MetricUnit {
  return Object.getOwnPropertyDescriptor(KNOWN, name)?.value ?? "value";
}

/** The value in its base unit: `12.5` with `ms`, or `12.5 ms`, is 0.0125 seconds. Undefined when it is no number, or of another kind. */
export function inUnit(
  { value, unit: given = "" }: { readonly value: number | string; readonly unit?: string },
  unit: MetricUnit,
): number | undefined {
  const [, text, own = ""] = NUMBER.exec(String(value)) ?? [];
  const number = Number(text ?? Number.NaN) * sizeOf(own === "" ? given : own, unit);
  return Number.isFinite(number) ? number : undefined;
}

/** NaN where the unit is of another kind, or unknown. */
function sizeOf(name: string, unit: MetricUnit): number {
  if (unit === "value") {
    return 1;
  }
  const known = Object.entries(UNITS).find(([one]) => one === name.toLowerCase())?.[1];
  return known?.unit === unit ? known.size : Number.NaN;
}
