import { z } from "zod";
import { messageOf } from "../../model/failure.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration, tellTime } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { CheckIn, Inbox } from "../../system/inbox.ts";
import type { Pm2 } from "../../system/pm2.ts";
import type { Probe } from "../probe.ts";

/** Waits for a service that says by itself that it is at work, and measures by how much it is late. */
export const HeartbeatProbeSettings = z.strictObject({
  kind: z.literal("heartbeat"),
  /** How often the service checks in at the least. */
  period: PositiveDuration,
  /** How much later a check-in may come. Default 30s. */
  grace: PositiveDuration.prefault("30s"),
  /** What the service must show as `Authorization: Bearer`, at least 16 characters. Default: whoever asks on this host. */
  token: z.string().min(16).optional(),
  /** Time between two looks at the clock. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** Of a late one: longest wait for pm2, which tells since when the service runs. Default 1500ms. */
  timeout: PositiveDuration.prefault("1500ms"),
});
export type HeartbeatProbeSettings = z.infer<typeof HeartbeatProbeSettings>;

/** Where check-ins arrive, and who knows since when the service runs. */
export interface HeartbeatProbePorts {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly pm2: Pm2;
  /** The service that checks in, as pm2 names it; absent when it is none of the application's. */
  readonly service?: string;
}

/** Silence that this probe has lived through, up to a moment of monotonic time. */
interface Silence {
  readonly ms: number;
  readonly at: number;
  /** When the check-in arrived that it follows. */
  readonly heardAt: number;
}

/** A longer time between two looks is one in which rollwatch itself stood still, and heard nobody. */
const MOST_INTERVALS = 2;

/**
 * A probe that measures how many seconds a check-in is late, 0 while it is not. Time in which rollwatch or the service did
 * not run is nobody's silence, and before the first check-in ever there is no answer.
 */
export function createHeartbeatProbe(
  name: string,
  settings: HeartbeatProbeSettings,
  ports: HeartbeatProbePorts,
): Probe {
  const { inbox, clock } = ports;
  const { interval } = settings;
  let silence: Silence | undefined;
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: interval,
    timeoutMs: settings.timeout,
    sample: async (signal) => {
      const last = await inbox.lastCheckIn(name);
      if (last === undefined) {
        const detail = `nobody has ever checked in at POST /api/v1/heartbeats/${name}`;
        return { kind: "absent", reason: "nothing-told", detail };
      }
      const heardAt = last.heardAt ?? inbox.since;
      silence = silenceNow(silence, heardAt, { at: clock.monotonic(), interval });
      const lateMs = silence.ms - settings.period - settings.grace;
      const detail = tell(last, silence, settings);
      return lateMs <= 0 || ports.service === undefined
        ? measured(Math.max(lateMs, 0), detail)
        : unlessJustStarted(lateMs, detail, { ...ports, ...settings }, signal);
    },
  };
}

function silenceNow(
  before: Silence | undefined,
  heardAt: number,
  { at, interval }: { readonly at: number; readonly interval: number },
): Silence {
  if (before === undefined) {
    return { ms: at - heardAt, at, heardAt };
  }
  const livedMs = Math.min(at - before.at, MOST_INTERVALS * interval);
  const ms = heardAt === before.heardAt ? before.ms + livedMs : Math.min(at - heardAt, livedMs);
  return { ms, at, heardAt };
}

/** A service that was started a moment ago has its whole period for the first word. */
async function unlessJustStarted(
  lateMs: number,
  detail: string,
  parts: HeartbeatProbePorts & HeartbeatProbeSettings,
  signal: AbortSignal,
): Promise<Reading> {
  const { pm2, clock, service = "", period, grace, timeout } = parts;
  try {
    const [found] = await pm2.services([service], clock.deadline(timeout, signal));
    const starts = (found?.instances ?? []).flatMap((one) => (one.pid === 0 ? [] : one.startedAt));
    const runsMs = clock.now() - Math.max(...starts, Number.NEGATIVE_INFINITY);
    return runsMs <= period + grace
      ? measured(0, `${service} was started ${tellDuration(runsMs)} ago; ${detail}`)
      : measured(lateMs, detail);
  } catch (error) {
    signal.throwIfAborted();
    const why = `${detail}, but pm2 does not say since when ${service} runs: ${messageOf(error)}`;
    return { kind: "absent", reason: "pm2-hung", detail: why };
  }
}

function measured(lateMs: number, detail: string): Reading {
  return { kind: "measured", value: lateMs / 1000, detail };
}

function tell(
  { at, heardAt }: CheckIn,
  silence: Silence,
  { period, grace }: HeartbeatProbeSettings,
): string {
  const expected = `expected every ${tellDuration(period)} and ${tellDuration(grace)} of grace`;
  return heardAt === undefined
    ? `no check-in in the ${tellDuration(silence.ms)} since rollwatch listens, the last one at ${tellTime(at)}; ${expected}`
    : `silent for ${tellDuration(silence.ms)}; ${expected}`;
}
