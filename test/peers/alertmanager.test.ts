import { createServer } from "node:http";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programsOf } from "../../lab/debian-programs.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { PATHS, SOCKET_NAME } from "../../src/api/contract.ts";
import type { Config } from "../../src/config/schema.ts";
import type { History } from "../../src/model/history.ts";
import { Status } from "../../src/model/operations.ts";
import { ContactSettings } from "../../src/model/people.ts";
import { ask } from "../support/served.ts";
import { storyConfig } from "../support/story-config.ts";
import { HEALTH } from "../support/story-world.ts";
import { startAlertmanager } from "./support/alertmanager.ts";
import { type Prometheus, startPrometheus, until } from "./support/prometheus.ts";
import { type RealTime, watchInRealTime } from "./support/real-time.ts";

const TOKEN = "alertmanager-0123456789";
const LIMIT_MS = 120_000;
const RULES = `groups:
  - name: test
    rules:
      - alert: Watchdog
        expr: vector(1)
      - alert: Trouble
        expr: trouble > 1
        annotations: { summary: "trouble of {{ $value }}" }
`;

let lab: Lab;
let config: Config;
let prometheus: Prometheus;
let rollwatch: RealTime;
/** What the scraped page says. */
let trouble = 0;

/** An application with a proven release and a newer one, a Prometheus that scrapes a page of the test, and an Alertmanager. */
beforeAll(async () => {
  lab = await openLab();
  const page = `127.0.0.1:${await lab.port()}`;
  const listen = { host: "127.0.0.1", port: await lab.port() };
  const programs = {
    ...(await programsOf("prometheus", ["prometheus"], lab.folder)),
    ...(await programsOf("prometheus-alertmanager", ["prometheus-alertmanager"], lab.folder)),
  };
  await servePage(page);
  const alertmanager = await startAlertmanager(lab, programs["prometheus-alertmanager"], {
    url: `http://127.0.0.1:${listen.port}${PATHS.alertmanager}`,
    token: TOKEN,
  });
  const alerting = { alertmanager, rules: RULES };
  prometheus = await startPrometheus(lab, programs.prometheus, page, alerting);
  config = { ...configOf(prometheus.url), server: { listen } };
  rollwatch = await watchInRealTime(config);
  lab.onEnd("rollwatch", async () => rollwatch.stop());
  await untilHistory("the good release is proven", ({ releases }) => releases.length > 0);
  await rollwatch.world.install("new-2", "works");
});

afterAll(async () => {
  await lab.end();
});

async function servePage(address: string): Promise<void> {
  const { hostname, port } = new URL(`http://${address}`);
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(`# TYPE trouble gauge\ntrouble ${trouble}\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(Number(port), hostname, resolve);
  });
  lab.onEnd("page", async () => {
    server.closeAllConnections();
    server.close();
  });
}

/** The modes of the shipped configuration: what is down may be rolled back by itself, what watches it may not. */
function configOf(url: string): Config {
  const interval = "1s";
  const policy = {
    triggers: {
      "system-down": { mode: "auto" },
      "error-rate": { mode: "auto" },
      "monitoring-broken": { mode: "recommend" },
    },
  } as const;
  const story = storyConfig(path.join(lab.folder, "story"), policy, {
    warm: false,
    signals: [
      { name: "health", trigger: "system-down", probe: { kind: "http", url: HEALTH } },
      {
        name: "number",
        trigger: "error-rate",
        probe: { kind: "prometheus", url, query: "trouble", staleAfter: "10s", interval },
        limit: 100,
      },
      {
        name: "pager",
        trigger: "system-down",
        probe: {
          kind: "alertmanager",
          match: { alertname: "Trouble" },
          staleAfter: "1m",
          interval,
        },
      },
      {
        name: "prometheus",
        trigger: "monitoring-broken",
        probe: { kind: "http", url: `${url}/-/healthy`, interval, timeout: "900ms" },
      },
    ],
  });
  const program = ContactSettings.parse({ name: "Alertmanager", access: ["signal"], token: TOKEN });
  return { ...story, people: { ...story.people, contacts: [...story.people.contacts, program] } };
}

async function signalOf(name: string): Promise<Status["signals"][number] | undefined> {
  const socketPath = path.join(config.state, SOCKET_NAME);
  const answer = await ask({ socketPath, path: PATHS.status, method: "GET" });
  return Status.parse(JSON.parse(answer.body)).signals.find((one) => one.name === name);
}

async function untilSignal(
  name: string,
  wanted: Partial<Status["signals"][number]>,
): Promise<Status["signals"][number] | undefined> {
  let signal: Status["signals"][number] | undefined;
  await until(
    `${name} is ${JSON.stringify(wanted)}`,
    async () => {
      signal = await signalOf(name);
      const { state, value } = signal ?? {};
      return (
        (wanted.state ?? state) === state && (wanted.value === undefined || wanted.value === value)
      );
    },
    LIMIT_MS,
  );
  return signal;
}

async function untilHistory(what: string, isSo: (history: History) => boolean): Promise<void> {
  await until(what, async () => isSo(rollwatch.history()), LIMIT_MS);
}

/** Whether people were told to decide about the incident of this place. */
function askedAbout(place: number): boolean {
  const { incidents, told: keys } = rollwatch.history();
  const id = incidents[place]?.id;
  return id !== undefined && [...keys].some((key) => key.startsWith(`${id}:recommended`));
}

function told(): readonly string[] {
  return rollwatch.history().incidents.map(({ trigger }) => trigger);
}

describe("beside a real Prometheus and a real Alertmanager", () => {
  it("reads a number, with the time of its sample", async () => {
    const signal = await untilSignal("number", { state: "ok", value: 0 });

    expect(signal?.reason).toMatch(/^Prometheus: 0, sampled \d/u);
  });

  it("opens an incident of an alert, rolls nothing back on its word alone, and ends it with the alert", async () => {
    trouble = 7;
    await untilSignal("pager", { state: "breach", value: 1 });
    expect((await signalOf("pager"))?.reason).toBe("firing: Trouble (trouble of 7)");
    await untilSignal("number", { state: "ok", value: 7 });
    await untilHistory(
      "it is decided about",
      ({ incidents }) => incidents[0]?.decisions[0] !== undefined,
    );

    const decision = rollwatch.history().incidents.at(-1)?.decisions.at(-1);
    expect(told()).toEqual(["system-down"]);
    expect(decision?.kind).toBe("recommend");
    expect(decision?.guards).toContainEqual(
      expect.objectContaining({ guard: "evidence", answer: "block" }),
    );

    trouble = 0;
    await untilHistory(
      "the incident is closed",
      ({ incidents }) => incidents[0]?.closed !== undefined,
    );
    expect(await signalOf("pager")).toMatchObject({ state: "ok", value: 0 });
  });

  it("takes a killed Prometheus for a fault of the monitoring, and what it does not know for nothing", async () => {
    prometheus.kill();

    await untilSignal("prometheus", { state: "breach" });
    const number = await untilSignal("number", { state: "probe-error" });
    await untilHistory("somebody is asked", () => askedAbout(1));

    expect(number?.reason).toContain("the connection was refused");
    expect(told()).toEqual(["system-down", "monitoring-broken"]);
    const begun = rollwatch.history().recoveries.filter((one) => one.attempts.length > 0);
    expect(begun).toEqual([]);
  });
});
