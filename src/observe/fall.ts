import type { Reading } from "../model/sample.ts";
import { tellDays, tellDuration } from "../model/units.ts";
import type { Clock } from "../system/clock.ts";

const HOUR_MS = 3_600_000;

/** Of what a fall is, and which one is none. */
interface FallSettings {
  /** How far back the highest value counts. */
  readonly overMs: number;
  /** The share (0..1) of the highest that may be missing. */
  readonly retention: number;
}

interface Seen {
  readonly value: number;
  /** Monotonic ms. */
  readonly at: number;
}

/**
 * The share (0..1) by which each value lies below the highest one before it, beyond what retention deletes. No change of the
 * release resets it: rows that are lost with a release must be missed. It is forgotten with the process.
 */
export function createFall(
  { overMs, retention }: FallSettings,
  clock: Pick<Clock, "monotonic">,
): (value: number) => Reading {
  /** Falling values in the order of time: the first is the highest, and all others could become it. */
  let peaks: readonly Seen[] = [];

  return (value) => {
    const at = clock.monotonic();
    peaks = [...peaks.filter((one) => one.value > value && at - one.at <= overMs), { value, at }];
    const [highest] = peaks;
    if (highest === undefined || highest.value < 0) {
      const detail = `it answers ${value}: the fall of a number below zero has no share`;
      return { kind: "absent", reason: "no-metrics", detail };
    }
    const missing = highest.value === 0 ? 0 : (highest.value - value) / highest.value;
    const detail =
      missing === 0
        ? `it answers ${value}, the highest of the last ${tellLong(overMs)}`
        : `it answers ${value}, ${percent(missing)} below ${highest.value}, ${tellLong(at - highest.at)} ago`;
    const allowed = retention === 0 ? "" : `; retention deletes up to ${percent(retention)}`;
    return {
      kind: "measured",
      value: Math.min(1, Math.max(0, missing - retention)),
      detail: `${detail}${allowed}`,
    };
  };
}

function tellLong(ms: number): string {
  return ms < HOUR_MS ? tellDuration(ms) : tellDays(ms);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
