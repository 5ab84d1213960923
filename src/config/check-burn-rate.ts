import { traitsOf } from "../observe/probes/index.ts";
import type { Finding } from "./problem.ts";
import type { SignalSettings } from "./schema.ts";

/** An error budget of something that is not counted, beside another limit, or that cannot be used up fast enough. */
export function uselessBurnRate(signal: SignalSettings, index: number): readonly Finding[] {
  const { burnRate, baseline, limit, probe } = signal;
  if (burnRate === undefined) {
    return [];
  }
  const path = ["signals", index, "burnRate"];
  const { judgedBy } = traitsOf(probe, 0);
  if (judgedBy !== "share" && judgedBy !== "allowed-share") {
    const hint = "an error budget is of requests that others make; remove the key";
    return [{ path, expected: "a probe that counts requests", found: probe.kind, hint }];
  }
  if (baseline !== undefined || (limit !== 0 && judgedBy === "share")) {
    const hint = "with a burn rate the budget is the limit; give the other one a signal of its own";
    return [{ path, expected: "no other limit", found: "two", hint }];
  }
  const budget = 1 - burnRate.objective;
  return burnRate.pairs.flatMap((pair, place) => [
    ...(pair.short < pair.long
      ? []
      : [
          {
            path: [...path, "pairs", place, "short"],
            expected: "less than the long window",
            found: `${pair.short / 1000}s`,
            hint: "the short window tells when it is over; a twelfth of the long one is usual",
          },
        ]),
    ...(pair.rate * budget < 1
      ? []
      : [
          {
            path: [...path, "pairs", place, "rate"],
            expected: `less than ${Number((1 / budget).toPrecision(3))}`,
            found: String(pair.rate),
            hint: "this pair could never fire: not even when everything fails is the budget used up that fast",
          },
        ]),
  ]);
}
