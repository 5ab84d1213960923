import { requestsNeeded } from "../model/signal.ts";
import { traitsOf } from "../observe/probes/index.ts";
import type { Finding } from "./problem.ts";
import type { SignalSettings } from "./schema.ts";

/** A share that its windows hold too few requests to prove never fires, or calls a window good that proves nothing. */
export function unprovableShare(signal: SignalSettings, index: number): readonly Finding[] {
  const { judgedBy } = traitsOf(signal.probe, 0);
  if (judgedBy === "value") {
    return [];
  }
  const key = judgedBy === "share" ? "limit" : "allowed";
  const allowed = signal[key];
  const needed = requestsNeeded(allowed);
  const percent = `${Number((allowed * 100).toPrecision(3))}%`;
  if (needed === Infinity) {
    // A limit that nothing exceeds is found before, whatever it limits.
    const hint = "this signal could never fire: all requests may be bad; allow fewer";
    const finding = {
      path: ["signals", index, key],
      expected: "less than 100%",
      found: percent,
      hint,
    };
    return key === "allowed" ? [finding] : [];
  }
  if (judgedBy === "requests" && signal.window.kind === "last" && needed > 1) {
    return [
      {
        path: ["signals", index, "window"],
        expected: "a duration such as 10s",
        found: "`last`",
        hint: `this signal could never fire: one request proves no share above ${percent}, ${needed} must be judged together`,
      },
    ];
  }
  return signal.minSamples >= needed
    ? []
    : [
        {
          path: ["signals", index, "minSamples"],
          expected: `at least ${needed}`,
          found: String(signal.minSamples),
          hint: `a window of fewer than ${needed} requests proves no share above ${percent}, even when all of them are bad`,
        },
      ];
}
