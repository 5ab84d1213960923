import { describe, expect, it } from "vitest";
import { uselessConfirmation } from "../../src/config/check-confirmation.ts";
import { SignalSettings } from "../../src/config/schema.ts";

/** What is expected instead of this signal. */
function expectedOf(over: object, probe: object = {}): readonly string[] {
  const url = "http://127.0.0.1:3000/";
  const signal = SignalSettings.parse({
    name: "health",
    trigger: "system-down",
    probe: { kind: "http", url, interval: "2s", ...probe },
    ...over,
  });
  return uselessConfirmation(signal, 0).map((one) => one.expected);
}

describe("faster confirmation", () => {
  it.each<[string, object, object, readonly string[]]>([
    ["is not looked at where there is none", {}, {}, []],
    ["is right for single samples", { confirmEvery: "500ms" }, {}, []],
    [
      "is nothing for windows of several samples",
      { confirmEvery: "500ms", window: "10s" },
      {},
      ["a signal whose single samples are judged"],
    ],
    [
      "is nothing for requests",
      { confirmEvery: "500ms" },
      { measure: "latency" },
      ["a signal whose single samples are judged"],
    ],
    [
      "must be faster than the probe's own pace",
      { confirmEvery: "2s" },
      {},
      ["less than the probe's interval of 2s"],
    ],
    // 2 s in steps of 200 ms are just ten more
    ["may need ten extra samples", { confirmEvery: "200ms" }, {}, []],
    [
      "may not need eleven",
      { confirmEvery: "190ms" },
      {},
      ["at most 10 extra samples for a breach"],
    ],
    [
      "counts the samples that the breach needs anyway",
      { confirmEvery: "1s", breachAfter: 12 },
      {},
      ["at most 10 extra samples for a breach"],
    ],
  ])("%s", (_what, over, probe, expected) => {
    expect(expectedOf(over, probe)).toEqual(expected);
  });
});
