import { describe, expect, it } from "vitest";
import { ruleOf } from "../../src/config/rule.ts";
import { SignalSettings } from "../../src/config/schema.ts";
import { ApplicationSettings } from "../../src/model/application.ts";

const ORIGIN = "http://127.0.0.1:3000";

function anApplication(more: object = {}): ApplicationSettings {
  return ApplicationSettings.parse({
    name: "app",
    root: "/srv/app",
    pm2Home: "/home/app/.pm2",
    services: [{ name: "web" }, { name: "worker" }],
    artifacts: ["dist"],
    releaseIdFrom: { url: `${ORIGIN}/release`, json: "release" },
    ...more,
  });
}

function aSignal(probe: object): SignalSettings {
  return SignalSettings.parse({ name: "health", trigger: "system-down", probe });
}

describe("the rule of a signal", () => {
  it("calls it stale after three intervals and a timeout", () => {
    const signal = aSignal({ kind: "http", url: ORIGIN, interval: "5s", timeout: "1s" });

    const rule = ruleOf(signal, anApplication());

    expect(rule).toMatchObject({
      intervalMs: 5000,
      staleAfterMs: 16_000,
      breachAfter: 3,
      limit: 0,
    });
  });

  it.each([
    // The first service answers where nothing else is said.
    ["http", `${ORIGIN}/health`, {}, "web"],
    ["http", `${ORIGIN}/health`, { serving: "worker" }, "worker"],
    // Another port is another service, and nobody said which.
    ["http", "http://127.0.0.1:3001/health", {}, undefined],
    // Without a release id there is no origin to compare with: the serving service answers, by default the first.
    ["http", `${ORIGIN}/health`, { releaseIdFrom: undefined }, "web"],
    ["http", `${ORIGIN}/health`, { releaseIdFrom: undefined, serving: "worker" }, "worker"],
  ])("knows the service behind it: %s %s %o", (kind, url, application, expected) => {
    const rule = ruleOf(aSignal({ kind, url }), anApplication(application));

    expect(rule.service).toBe(expected);
  });

  it("has no service behind pm2's own list", () => {
    const rule = ruleOf(aSignal({ kind: "pm2" }), anApplication());

    expect(rule.service).toBeUndefined();
    expect(rule.unit).toBe("services down");
  });
});
