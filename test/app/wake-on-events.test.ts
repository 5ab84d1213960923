import { describe, expect, it } from "vitest";
import { wakeOnEvents } from "../../src/app/wake-on-events.ts";
import { ruleOf } from "../../src/config/rule.ts";
import { SignalSettings } from "../../src/config/schema.ts";
import { ApplicationSettings } from "../../src/model/application.ts";
import { fakePm2Events } from "../support/fakes/pm2-events.ts";

const URL = "http://127.0.0.1:3000/";

/** Two services, the first of which serves; and a signal of every kind that matters. */
function aConfig(): { application: ApplicationSettings; signals: SignalSettings[] } {
  const application = ApplicationSettings.parse({
    name: "app",
    root: "/srv/app",
    pm2Home: "/home/app/.pm2",
    services: [{ name: "api" }, { name: "poller" }],
    artifacts: ["dist"],
  });
  const probes = {
    services: { kind: "pm2" },
    health: { kind: "http", url: URL },
    latency: { kind: "http", url: URL, measure: "latency" },
    socket: { kind: "websocket", url: "ws://127.0.0.1:3000/" },
    counters: { kind: "scrape", url: `${URL}metrics`, measure: "errors" },
    memory: { kind: "memory" },
  };
  const signals = Object.entries(probes).map(([name, probe]) =>
    SignalSettings.parse({ name, trigger: "system-down", probe, limit: 0.1 }),
  );
  return { application, signals };
}

function wokenBy(...events: readonly (readonly [service: string, event: string])[]): string[][] {
  const config = aConfig();
  const rules = config.signals.map((one) => ruleOf(one, config.application));
  const bus = fakePm2Events();
  const wake = wakeOnEvents(config, rules, bus);
  const woken: string[][] = [];
  wake.onWake((signals) => woken.push([...signals]));
  wake.listen(new AbortController().signal).catch(() => undefined);
  for (const [service, event] of events) {
    bus.tell({ service, event });
  }
  return woken;
}

describe("an event of pm2", () => {
  it.each(["exit", "online", "restart overlimit"])(
    "named %s wakes what can confirm it, but nothing that is timed or counts others' requests",
    (event) => {
      expect(wokenBy(["api", event])).toEqual([["services", "health", "socket"]]);
    },
  );

  it("of a service that serves nothing wakes the look at pm2 alone", () => {
    expect(wokenBy(["poller", "exit"])).toEqual([["services"]]);
  });

  it("of another application, or of no meaning, wakes nothing", () => {
    expect(wokenBy(["other", "exit"], ["api", "graceful reload"])).toEqual([]);
  });
});
