import { traitsOf } from "../observe/probes/index.ts";
import type { Finding } from "./problem.ts";
import type { SignalSettings } from "./schema.ts";

/** A relative limit beside another one that would never be looked at, or one that nothing exceeds. */
export function uselessBaseline(signal: SignalSettings, index: number): readonly Finding[] {
  const { baseline, probe, limit } = signal;
  if (baseline === undefined) {
    return [];
  }
  const { judgedBy, largest, unit } = traitsOf(probe, 1);
  if (limit !== 0 && judgedBy !== "allowed-share") {
    const hint =
      "with a baseline the limit is that of before the change; give the fixed one a signal of its own";
    const path = ["signals", index, "limit"];
    return [{ path, expected: "no limit beside a baseline", found: String(limit), hint }];
  }
  return largest === undefined || baseline.by < largest
    ? []
    : [
        {
          path: ["signals", index, "baseline", "by"],
          expected: `less than ${largest}`,
          found: String(baseline.by),
          hint: `this signal could never fire: its probe measures at most ${largest} (${unit})`,
        },
      ];
}
