import { describe, expect, it } from "vitest";
import { instrumentTable } from "../../bench/instrument/table.ts";
import { parseWish } from "../../bench/wish.ts";

function aStretch(requestsPerSecond: number): {
  requestsPerSecond: number;
  p99Ms: number;
  cpuMicroseconds: number;
} {
  return { requestsPerSecond, p99Ms: 2, cpuMicroseconds: 50 };
}

describe("the preload's cost", () => {
  it("is told by the median of the rounds' own ratios, since the machine changes between rounds", () => {
    const rounds = [
      { without: aStretch(1000), with: aStretch(900) },
      { without: aStretch(100), with: aStretch(95) },
      { without: aStretch(2000), with: aStretch(1000) },
    ];

    const [, , row] = instrumentTable({ rounds, load: 1 }).split("\n");

    expect(row).toBe("| requests a second | 1000 | 900 | 0.900 |");
  });

  it("is measured in ten rounds unless it is said otherwise, and knows no cases", () => {
    expect(parseWish(["instrument"])).toEqual({ kind: "instrument", rounds: 10 });
    expect(parseWish(["instrument", "--rounds", "2"])).toEqual({ kind: "instrument", rounds: 2 });
    expect(parseWish(["instrument", "--all"])).toBeUndefined();
  });
});
