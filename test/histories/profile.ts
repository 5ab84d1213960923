import type { RecordedControl } from "../../src/model/recording.ts";
import type { Trigger } from "../../src/model/trigger.ts";
import type { Random } from "./random.ts";

/** Bits of `Profile.faults`, one per second: what is so in that second. */
export const FAULT = {
  /** The API refuses connections. */
  refused: 1,
  /** The API hangs: connections are accepted, and nothing comes. */
  hangs: 2,
  /** A service is not online in pm2. */
  serviceDown: 4,
  /** Clients of the WebSocket are not served. */
  socket: 8,
  /** Somebody waits for a connection of the pool. */
  poolWaits: 16,
  /** The pages of metrics do not answer, which is nobody's fault. */
  noMetrics: 32,
  /** A limiter answers 429. */
  throttled: 64,
  /** rollwatch itself lags. */
  lagging: 128,
  /** rollwatch does not run at all. */
  suspended: 256,
  /** PostgreSQL does not answer anybody. */
  databaseDead: 512,
  /** Prometheus does not answer. */
  noPrometheus: 1024,
} as const;

/** A deployment, announced or not. */
interface Deployment {
  readonly second: number;
  /** Services start anew, and are down so long. */
  readonly downFor: number;
  /** `configuration` changes nothing but the environment. */
  readonly of: "code" | "configuration" | "migration";
}

/** What is so around an application, second by second. Requests are those of others, not rollwatch's own. */
export interface Profile {
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: Float32Array;
  /** Share (0..1) of the requests that take longer than 500 ms. */
  readonly slow: Float32Array;
  /** Share (0..1) of the requests that fail. */
  readonly errors: Float32Array;
  /** Fullest memory, 0..1 of its limit. */
  readonly memory: Float32Array;
  /** Share (0..1) of the database's connections in use. */
  readonly connections: Float32Array;
  readonly faults: Uint16Array;
  /** What stands behind each of the memory's readings above the limit: a service of the application, or the host. */
  memoryOf: "service" | "host";
  readonly deployments: Deployment[];
  /** Red controls from a second on until another. */
  readonly red: {
    readonly from: number;
    readonly to: number;
    readonly name: RecordedControl["name"];
  }[];
  /** When rollwatch did not run at all, as it notices afterwards; with `FAULT.suspended`. */
  readonly standstills: Span[];
  /** By how many ms the wall clock jumps at a second. */
  readonly jumps: { readonly second: number; readonly byMs: number }[];
  /** Signals of these triggers are bad from a second on, whatever probe they have. */
  readonly bad: { readonly from: number; readonly to: number; readonly trigger: Trigger }[];
}

/** An application at rest: `perSecond` requests, of which these shares (0..1) are slow and fail. */
export function calmProfile(
  seconds: number,
  calm: { readonly perSecond: number; readonly slow: number; readonly errors: number },
): Profile {
  return {
    seconds,
    rate: new Float32Array(seconds).fill(calm.perSecond),
    slow: new Float32Array(seconds).fill(calm.slow),
    errors: new Float32Array(seconds).fill(calm.errors),
    memory: new Float32Array(seconds).fill(0.6),
    connections: new Float32Array(seconds).fill(0.2),
    faults: new Uint16Array(seconds),
    memoryOf: "service",
    deployments: [],
    red: [],
    jumps: [],
    standstills: [],
    bad: [],
  };
}

/** A time in whole seconds, the end left out. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Sets bits of `faults` in a span. */
export function setFault({ faults, seconds }: Profile, { from, to }: Span, bits: number): void {
  for (let second = Math.max(0, from); second < Math.min(to, seconds); second += 1) {
    faults[second] = (faults[second] ?? 0) | bits;
  }
}

/** Makes every value of a span what `value` makes of the one there and the seconds since the span began. */
export function change(
  values: Float32Array,
  { from, to }: Span,
  value: (before: number, since: number) => number,
): void {
  for (let second = Math.max(0, from); second < Math.min(to, values.length); second += 1) {
    values[second] = value(values[second] ?? 0, second - from);
  }
}

/** Spans of a length within bounds, with gaps of this mean and at least `apart` between them. */
export function spans(
  random: Random,
  seconds: number,
  shape: {
    readonly gap: number;
    readonly apart: number;
    readonly length: readonly [number, number];
  },
): readonly Span[] {
  const found: Span[] = [];
  let from = Math.floor(random.waiting(shape.gap));
  while (from < seconds) {
    const to = from + random.whole(shape.length[0], shape.length[1]);
    found.push({ from, to });
    from = to + shape.apart + Math.floor(random.waiting(shape.gap));
  }
  return found;
}
