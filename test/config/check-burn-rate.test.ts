import { describe, expect, it } from "vitest";
import { uselessBurnRate } from "../../src/config/check-burn-rate.ts";
import { ruleOf } from "../../src/config/rule.ts";
import { SignalSettings } from "../../src/config/schema.ts";
import { storyConfig } from "../support/story-config.ts";

const SCRAPE = { kind: "scrape", url: "http://127.0.0.1:3000/metrics", metric: "requests" };

function aSignal(over: object, probe: object = { ...SCRAPE, measure: "errors" }): SignalSettings {
  return SignalSettings.parse({ name: "errors", trigger: "error-rate", probe, ...over });
}

describe("a burn rate", () => {
  it("is judged by its budget, with the pairs of the SRE workbook where none are given", () => {
    const rule = ruleOf(
      aSignal({ burnRate: { objective: "99.5%" } }),
      storyConfig("/x", {}).application,
    );

    expect(rule).toMatchObject({
      limit: 0.005,
      test: { kind: "share", allowed: 0.005 },
      burnRate: {
        budget: 0.005,
        pairs: [
          { longMs: 3_600_000, shortMs: 300_000, rate: 14.4 },
          { longMs: 21_600_000, shortMs: 1_800_000, rate: 6 },
        ],
      },
    });
  });

  it.each<[string, object, object, readonly string[]]>([
    ["is right for errors", {}, {}, []],
    [
      "is right for slow requests, whose limit says what is slow",
      { limit: "500ms" },
      { ...SCRAPE, measure: "slow-requests" },
      [],
    ],
    ["stands beside no other limit", { limit: "5%" }, {}, ["no other limit"]],
    ["stands beside no relative limit", { baseline: { by: "1%" } }, {}, ["no other limit"]],
    [
      "is of counted requests",
      {},
      { kind: "http", url: "http://127.0.0.1/", measure: "latency" },
      ["a probe that counts requests"],
    ],
    [
      "has a short window that is shorter",
      { burnRate: { pairs: [{ long: "5m", short: "5m" }] } },
      {},
      ["less than the long window"],
    ],
    ["can be reached", { burnRate: { objective: "90%" } }, {}, ["less than 10"]],
  ])("%s", (_what, over, probe, expected) => {
    const settings = Object.keys(probe).length === 0 ? undefined : probe;
    const signal = aSignal({ burnRate: {}, ...over }, settings);

    expect(uselessBurnRate(signal, 0).map((one) => one.expected)).toEqual(expected);
  });
});
