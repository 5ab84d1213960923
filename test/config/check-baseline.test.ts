import { describe, expect, it } from "vitest";
import { uselessBaseline } from "../../src/config/check-baseline.ts";
import { SignalSettings } from "../../src/config/schema.ts";

const HTTP = { kind: "http", url: "http://127.0.0.1:3000/" };
const SCRAPE = { kind: "scrape", url: "http://127.0.0.1:3000/metrics" };

describe("a relative limit", () => {
  it.each<[string, object, object, readonly string[]]>([
    ["is not looked at where there is none", HTTP, { limit: 0 }, []],
    ["is right for latencies", { ...HTTP, measure: "latency" }, { baseline: { by: "50ms" } }, []],
    [
      "has no fixed one beside it",
      { ...HTTP, measure: "latency" },
      { baseline: { by: "50ms" }, limit: "500ms" },
      ["no limit beside a baseline"],
    ],
    // there the limit is what a slow request is
    [
      "has one beside it where it compares shares of slow requests",
      { ...SCRAPE, measure: "slow-requests", metric: "seconds" },
      { baseline: { by: "1%" }, limit: "500ms" },
      [],
    ],
    ["is below what can be measured", HTTP, { baseline: { by: 1 } }, ["less than 1"]],
  ])("%s", (_what, probe, over, expected) => {
    const signal = SignalSettings.parse({ name: "one", trigger: "slow-responses", probe, ...over });

    expect(uselessBaseline(signal, 0).map((one) => one.expected)).toEqual(expected);
  });
});
