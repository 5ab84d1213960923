import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../../src/notify/backoff.ts";

describe("the wait before the next try", () => {
  it("doubles up to five minutes", () => {
    expect([1, 2, 3, 9, 10, 1000].map((failures) => retryDelayMs(failures, 1))).toEqual([
      1000, 2000, 4000, 256_000, 300_000, 300_000,
    ]);
  });

  it("is never under half of that, never sooner than asked for, and never over an hour", () => {
    const input = [
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
    ] as const;
    fc.assert(
      fc.property(...input, (failures, random, asked) => {
        const delay = retryDelayMs(failures, random, asked);
        expect(delay).toBeGreaterThanOrEqual(500);
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, 3_600_000));
        expect(delay).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });
});
