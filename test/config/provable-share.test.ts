import { describe, expect, it } from "vitest";
import { unprovableShare } from "../../src/config/provable-share.ts";
import { ruleOf } from "../../src/config/rule.ts";
import { SignalSettings } from "../../src/config/schema.ts";
import { explainRule } from "../../src/judge/explain.ts";
import { ApplicationSettings } from "../../src/model/application.ts";
import { requestsNeeded } from "../../src/model/signal.ts";

const URL = "http://127.0.0.1:3000/metrics";
const LATENCY = { kind: "http", url: URL, measure: "latency" };
const SLOW = { kind: "scrape", url: URL, measure: "slow-requests" };
const ERRORS = { kind: "scrape", url: URL, measure: "errors" };
const DOWN = { kind: "http", url: URL };

function aSignal(probe: object, more: object): SignalSettings {
  return SignalSettings.parse({
    name: "slow",
    trigger: "slow-responses",
    limit: "500ms",
    probe,
    ...more,
  });
}

describe("a share that cannot be proven", () => {
  it.each([
    [LATENCY, { minSamples: 1 }, "window", "a duration such as 10s"],
    [LATENCY, { window: "10s" }, "minSamples", "at least 2"],
    [LATENCY, { window: "10s", minSamples: 2, allowed: "20%" }, "minSamples", "at least 3"],
    [LATENCY, { window: "10s", minSamples: 4, allowed: "100%" }, "allowed", "less than 100%"],
    [SLOW, { window: "10s" }, "minSamples", "at least 2"],
    [SLOW, { minSamples: 4, allowed: "50%" }, "minSamples", "at least 7"],
    [ERRORS, { minSamples: 4, limit: "50%" }, "minSamples", "at least 7"],
  ])("is refused: %o %o at %s", (probe, more, key, expected) => {
    const findings = unprovableShare(aSignal(probe, more), 3);

    expect(findings.map((one) => one.path)).toEqual([["signals", 3, key]]);
    const words = findings.map((one) => `${one.expected} ${one.hint}`).join("");
    expect(words).toContain(expected);
  });

  it.each([
    [LATENCY, { window: "10s", minSamples: 2 }],
    // Nothing is allowed: one slow request is too many.
    [LATENCY, { allowed: "0%" }],
    [SLOW, { minSamples: 2 }],
    [ERRORS, { minSamples: 2, limit: "5%" }],
    [ERRORS, { limit: 0 }],
    [DOWN, { limit: 0 }],
  ])("is none that can: %o %o", (probe, more) => {
    expect(unprovableShare(aSignal(probe, more), 0)).toEqual([]);
  });

  it("needs the fewest requests that are all bad by accident in less than 1 %", () => {
    expect([0, 0.05, 0.09, 0.1, 0.5, 0.9, 1].map(requestsNeeded)).toEqual([
      1,
      2,
      2,
      3,
      7,
      44,
      Infinity,
    ]);
  });
});

describe("the rule of a share", () => {
  const application = ApplicationSettings.parse({
    name: "app",
    root: "/srv/app",
    pm2Home: "/home/app/.pm2",
    services: [{ name: "web" }],
    artifacts: ["dist"],
  });

  it.each([
    [
      SLOW,
      { limit: "500ms", allowed: "3%" },
      0.03,
      "more than 3 % of the requests took over 500 ms",
    ],
    [LATENCY, { limit: "500ms" }, 0.5, "more than 5 % of the requests took over 500 ms"],
    [ERRORS, { limit: "4%" }, 0.04, "more than 4 % of the requests failed"],
  ])("has the limit of its values: %o %o", (probe, more, limit, words) => {
    const rule = ruleOf(aSignal(probe, more), application);

    expect(rule.limit).toBe(limit);
    expect(explainRule(rule).limit).toContain(words);
  });
});
