import { describe, expect, it } from "vitest";
import { cameDue } from "../../src/release/dump-schedule.ts";

/** A moment of one day in local time. */
function at(hour: number, minute: number, second = 0): number {
  return new Date(2026, 10, 22, hour, minute, second).getTime();
}

describe("a schedule", () => {
  it.each([
    ["before its minute", at(2, 0), at(2, 29, 59), false],
    ["in its minute", at(2, 29, 59), at(2, 30, 0), true],
    ["once for its minute", at(2, 30, 0), at(2, 30, 59), false],
    ["after it", at(2, 31), at(23, 0), false],
    ["when it was slept over", at(1, 0), at(5, 0), true],
  ])("is or is not due %s", (_when, from, to, isDue) => {
    expect(cameDue("30 2 * * *", from, to)).toBe(isDue);
  });
});
