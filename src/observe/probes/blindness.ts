import { z } from "zod";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Probe } from "../probe.ts";

/** Measures for how long rollwatch has not seen what it watches for. */
export const BlindnessProbeSettings = z
  .strictObject({
    kind: z.literal("blindness"),
    /** Time between two looks at the other signals. Default 5s. */
    interval: PositiveDuration.prefault("5s"),
  })
  // It waits for nobody.
  .transform((settings) => ({ ...settings, timeout: 1000 }));
export type BlindnessProbeSettings = z.infer<typeof BlindnessProbeSettings>;

/** A signal that says neither good nor bad although it should. */
export interface BlindSignal {
  readonly signal: string;
  readonly reason: string;
  readonly intervalMs: number;
}

/** What rollwatch does not see at this moment. */
export interface Sight {
  blind(): readonly BlindSignal[];
}

/** What the others see; absent for a single look, which knows of no past. */
export interface BlindnessProbePorts {
  readonly clock: Clock;
  readonly sight?: Sight | undefined;
}

/** A signal is blind when it gave no answer for longer than this many of its own intervals. */
const SILENT_INTERVALS = 3;
/** A longer time between two looks is one in which rollwatch itself stood still: that is told as such. */
const MOST_INTERVALS = 2;
const MOST_NAMED = 3;

/** A probe that measures for how many seconds some signal has said neither good nor bad, the longest of all. */
export function createBlindnessProbe(
  name: string,
  { kind, interval, timeout }: BlindnessProbeSettings,
  { clock, sight }: BlindnessProbePorts,
): Probe {
  let silentMs: ReadonlyMap<string, number> = new Map();
  let lookedAt: number | undefined;

  /** How long each signal that is silent now has been so, as far as rollwatch was awake. */
  function look(silent: readonly BlindSignal[]): void {
    const now = clock.monotonic();
    const livedMs = Math.min(now - (lookedAt ?? now), MOST_INTERVALS * interval);
    lookedAt = now;
    silentMs = new Map(
      silent.map(({ signal }) => {
        const before = silentMs.get(signal);
        return [signal, before === undefined ? 0 : before + livedMs];
      }),
    );
  }

  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async () => {
      const silent = sight?.blind() ?? [];
      look(silent);
      const blind = silent.flatMap((one) => {
        const ms = silentMs.get(one.signal) ?? 0;
        return ms > SILENT_INTERVALS * one.intervalMs ? [{ ...one, ms }] : [];
      });
      return readingOf(blind);
    },
  };
}

function readingOf(blind: readonly (BlindSignal & { readonly ms: number })[]): Reading {
  const longest = blind.toSorted((a, b) => b.ms - a.ms);
  const named = longest
    .slice(0, MOST_NAMED)
    .map(({ signal, reason, ms }) => `${signal} for ${tellDuration(ms)} (${reason})`);
  const more = blind.length > MOST_NAMED ? `, and ${blind.length - MOST_NAMED} more` : "";
  return {
    kind: "measured",
    value: (longest[0]?.ms ?? 0) / 1000,
    detail: blind.length === 0 ? "every signal is seen" : `blind: ${named.join(", ")}${more}`,
  };
}
