import type { ReplayReport } from "../../src/model/replay.ts";
import { NOON } from "./builders.ts";

/** What a recording of one bad release led to. */
export function aReplayReport(over: Partial<ReplayReport> = {}): ReplayReport {
  return {
    application: "app",
    from: NOON,
    to: NOON + 60_000,
    samples: 30,
    incidents: [
      {
        trigger: "system-down",
        tier: "immediate",
        mode: "shadow",
        since: NOON,
        provenAt: NOON + 4000,
        clearedAt: NOON + 30_000,
        signals: ["health"],
        cause: "release",
        evidence: ["health is 1 failures, limit 0"],
        decisions: [
          { kind: "hold", at: NOON + 6000, reason: "Nothing is done.", blocked: ["mode"] },
        ],
      },
    ],
    unknownSignals: [],
    unheardSignals: [],
    files: [{ file: "a.ndjson.gz", torn: false, unreadable: 0 }],
    supposed: ["nobody was deploying"],
    ...over,
  };
}
