import { describe, expect, it } from "vitest";
import {
  chooseFaults,
  type FaultCase,
  FAULTS,
  leastSeconds,
  noiseAt,
  WATCHERS,
} from "../../bench/detection/cases.ts";
import type { DetectionResult, FaultResult } from "../../bench/detection/measure.ts";
import { detectedOf, detectionTables } from "../../bench/detection/tables.ts";

const OTHERS = ["rollwatch", "monit", "prometheus"];
const PACE = { intervalMs: 2000, badProbes: 3, timeoutMs: 1500 };

describe("the faults of the detection bench", () => {
  it.for([
    // Three probes, the first at once and each known at once.
    { name: "refuse", seconds: 4 },
    // The last of them is known when its timeout is over.
    { name: "hang", seconds: 5.5 },
    // Or when its slow answer has come.
    { name: "slow", seconds: 4.8 },
  ])("cannot be known before $seconds s for $name", ({ name, seconds }) => {
    const [one] = chooseFaults([name]);

    expect(one === undefined ? undefined : leastSeconds(one, PACE)).toBe(seconds);
  });

  it("can each be seen by rollwatch and at least one other", () => {
    const seen = FAULTS.map(({ blind }) => WATCHERS.filter((one) => !blind.includes(one)));

    expect(seen.filter((one) => !one.includes("rollwatch") || one.length < 2)).toEqual([]);
  });

  it("must exist", () => {
    expect(chooseFaults([])).toEqual(FAULTS);
    expect(() => chooseFaults(["hnag"])).toThrow(/^there is no case hnag; there are refuse, /u);
  });
});

describe("the noise of the detection bench", () => {
  it("never lasts for as many probes in a row as a decision takes, whenever they come", () => {
    const { intervalMs, badProbes } = PACE;
    const longest = noiseAt(PACE).map(({ behaviour }) => behaviour.spikes?.badMs ?? Infinity);

    expect(longest).toHaveLength(3);
    expect(longest.filter((ms) => ms >= (badProbes - 1) * intervalMs)).toEqual([]);
  });
});

describe("the figures of the detection bench", () => {
  it("are medians of the rounds in which a watcher decided, beside rollwatch's", () => {
    const rounds = [aRound(5, 10, null), aRound(4, 8, null), aRound(6, null, 3)];

    expect(detectedOf(aFault("refuse", rounds), OTHERS)).toEqual([
      { watcher: "rollwatch", found: 3, seconds: 5, ratio: 1 },
      { watcher: "monit", found: 2, seconds: 9, ratio: 1.8 },
      { watcher: "prometheus", found: 1, seconds: 3, ratio: 0.6 },
    ]);
  });

  it("count nothing for a watcher that cannot see the fault, whatever chance brought", () => {
    const lucky = aFault("errors-some", [aRound(5, 20, 6)]);

    expect(detectedOf(lucky, OTHERS)[1]).toEqual({
      watcher: "monit",
      found: 0,
      seconds: null,
      ratio: null,
    });
  });

  it("say in the table who was late, who cannot see it, and who raised a false alarm", () => {
    const table = detectionTables({
      ...aResult([
        aFault("hang", [aRound(6, null, 8)]),
        aFault("errors-some", [aRound(7, null, 7)]),
      ]),
      noise: [
        {
          name: "one-slow",
          title: "a pause",
          seconds: 60,
          falseAlarms: { rollwatch: 0, monit: 0, prometheus: 2 },
        },
      ],
    });

    expect(table.split("\n")).toEqual([
      "All watchers: every 2 s, 3 bad ones in a row, timeout 1.5 s.",
      "",
      "| fault | least | rollwatch | monit | prometheus | rollwatch above least | load |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| `hang` | 5.5 s | 6.0 s | not in time | 8.0 s (1.33x) | 0.5 s | 1.0 |",
      "| `errors-some` | 4.0 s | 7.0 s | cannot see it | 7.0 s | 3.0 s | 1.0 |",
      "",
      expect.stringContaining("| noise of a healthy target |"),
      "| --- | --- | --- | --- | --- |",
      "| a pause | 60 s | 0 | 0 | 2 |",
    ]);
  });
});

function aRound(rollwatch: number, monit: number | null, prometheus: number | null) {
  return { decided: { rollwatch, monit, prometheus }, load: 1 };
}

function aFault(name: FaultCase["name"], rounds: FaultResult["rounds"]): FaultResult {
  const [one] = chooseFaults([name]);
  return {
    name,
    title: one?.title ?? "",
    blind: one?.blind ?? [],
    leastSeconds: one === undefined ? 0 : leastSeconds(one, PACE),
    rounds,
  };
}

function aResult(faults: readonly FaultResult[]): DetectionResult {
  return { pace: PACE, watchers: OTHERS, faults, noise: [] };
}
