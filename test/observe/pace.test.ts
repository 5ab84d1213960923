import { describe, expect, it } from "vitest";
import type { Reading } from "../../src/model/sample.ts";
import { FULL_PACE, type Pace, paceAfter } from "../../src/observe/pace.ts";

const THROTTLED: Reading = { kind: "absent", reason: "throttled", detail: "429" };
const FINE: Reading = { kind: "measured", value: 0, detail: "200" };
const LAGGING: Reading = { kind: "absent", reason: "watcher-lagging", detail: "late" };

/** The pace after readings of a probe that runs every second, the last of them due at 100 s and over 40 ms later. */
function paceOf(readings: readonly Reading[], intervalMs = 1000): Pace {
  const run = { due: 100_000, endedAt: 100_040, intervalMs };
  let pace = FULL_PACE;
  for (const reading of readings) {
    pace = paceAfter(pace, reading, run);
  }
  return pace;
}

describe("the pace of a throttled probe", () => {
  it.each([
    [1, 2],
    [2, 4],
    [3, 8],
    [4, 8], // not slower than that
    [9, 8],
  ])("after %i refusals leaves out all but every %ith run", (refusals, slowness) => {
    const pace = paceOf(Array.from({ length: refusals }, () => THROTTLED));

    expect(pace.slowness).toBe(slowness);
    expect(pace.notBefore).toBeGreaterThan(100_000 + (slowness - 1) * 1000);
    expect(pace.notBefore).toBeLessThan(100_000 + slowness * 1000);
  });

  it("waits as long as the target said, from the moment it said so", () => {
    const pace = paceOf([{ ...THROTTLED, retryAfterMs: 30_000 }]);

    expect(pace).toEqual({ slowness: 1, notBefore: 130_040 });
  });

  it("cannot be silenced for longer than five minutes", () => {
    const said = paceOf([{ ...THROTTLED, retryAfterMs: 86_400_000 }]);
    const unsaid = paceOf([THROTTLED, THROTTLED, THROTTLED], 60_000);

    expect(said.notBefore).toBe(100_040 + 300_000);
    expect(unsaid.notBefore).toBeLessThan(100_000 + 300_000);
  });

  it("is full again after the first measurement, a bad one too", () => {
    expect(paceOf([THROTTLED, THROTTLED, { ...FINE, value: 1 }])).toEqual(FULL_PACE);
  });

  it("does not change by what happened on our side", () => {
    expect(paceOf([THROTTLED, LAGGING])).toEqual(paceOf([THROTTLED]));
    expect(paceOf([LAGGING])).toEqual(FULL_PACE);
  });
});
