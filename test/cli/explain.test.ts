import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import { aDoctorReport } from "../support/fakes/operations.ts";
import { aReplayReport } from "../support/replayed.ts";

const URL = "http://127.0.0.1:3000";
const DOWN = `{ name: health, trigger: system-down, probe: { kind: http, url: "${URL}" } }`;
const SLOW = `{ name: slow, trigger: slow-responses, limit: 500ms, window: 10s, minSamples: 5,
    probe: { kind: http, url: "${URL}", measure: latency, interval: 2s } }`;
const ERRORS = `{ name: errors, trigger: error-rate, limit: 1%, window: 10s, minSamples: 20, breachAfter: 1,
    probe: { kind: scrape, url: "${URL}", measure: errors } }`;

const Explained = z.strictObject({
  application: z.string(),
  signals: z.array(
    z.strictObject({
      signal: z.string(),
      trigger: z.string(),
      limit: z.string(),
      windowSeconds: z.number().nullable(),
      intervalSeconds: z.number(),
      breachAfter: z.number(),
      clearAfter: z.number(),
      minSamples: z.number(),
      detectSeconds: z.strictObject({ typical: z.number(), worst: z.number() }).nullable(),
      falseAlarmsPerDay: z.number(),
      falseAlarmChance: z.strictObject({ day: z.number(), year: z.number() }),
      neverFires: z.string().nullable(),
      neverClears: z.string().nullable(),
      assumptions: z.string(),
    }),
  ),
});

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwC-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function notNeeded(): Promise<never> {
  return Promise.reject(new Error("explaining needs nobody"));
}

/** What `rollwatch config explain` writes about these signals. */
async function explain(signals: readonly string[], ...argv: readonly string[]): Promise<string> {
  const file = join(folder, "rollwatch.yaml");
  await writeFile(
    file,
    `application:
  name: app
  root: /srv/app
  pm2Home: /home/app/.pm2
  services: [{ name: web }]
  artifacts: [dist]
signals:
${signals.map((one) => `  - ${one}\n`).join("")}state: ${folder}
`,
  );
  await chmod(file, 0o600);
  let written = "";
  const ports: CliPorts = {
    out: (text) => {
      written += text;
    },
    err: (text) => {
      written += text;
    },
    environment: { ROLLWATCH_CONFIG: file },
    isTerminal: false,
    canAsk: false,
    ask: notNeeded,
    sleep: notNeeded,
    openActions: notNeeded,
    openDatabaseRows: notNeeded,
    openOperations: notNeeded,
    host: { version: "9.9.9", pid: 4711, nodeVersion: "v20.20.2", announceReady: () => undefined },
    now: () => 1_800_000_000_000,
    exists: () => false,
    init: async () => ({ kind: "exists", file: "" }),
    doctor: async () => aDoctorReport(),
    exportIncident: async () => "",
    followUps: async () => ({ tasks: [], checklists: [] }),
    testChannels: async () => [],
    replay: async () => aReplayReport(),
    runDaemon: async () => 0,
    deployUnderLock: async () => 0,
    openGuardOutside: () => ({ probe: async () => ({ kind: "good" }), page: async () => 0 }),
  };
  await runCli(["config", "explain", ...argv], ports, new AbortController().signal);
  return written;
}

describe("rollwatch config explain", () => {
  it("has a block for each signal", async () => {
    const text = await explain([DOWN, SLOW]);

    expect(text.split("\n")).toEqual([
      "health (system-down)",
      "  bad when        a sample is above 0 failures",
      "  judged          each sample, one every 2.0 s; 3 bad in a row are a breach, 3 good in a row end it",
      "  time to detect  5.0 s typically, 6.0 s at worst, once everything fails",
      "  false alarm     1 in 23,173 a day, 1.6 % a year",
      "  supposed        of a healthy application one sample in 1000 is above the limit, each by itself; a fault is found when everything fails, plus the probe's timeout where nothing answers",
      "",
      "slow (slow-responses)",
      "  bad when        more than 5 % of the requests of 10.0 s took over 500 ms, beyond chance",
      "  judged          windows of 10.0 s, a sample every 2.0 s, at least 5 counted in each; 3 bad in a row are a breach, 3 good in a row end it",
      "  time to detect  31.0 s typically, 36.0 s at worst, once everything fails",
      "  false alarm     less than 1 in 1,000,000,000 a day",
      "  supposed        1 % of a healthy application's requests are bad, each by itself, 5 in a window; a fault is found when everything fails, plus the probe's timeout where nothing answers",
      "",
    ]);
  });

  it("warns of many false alarms and of a breach that hardly ends", async () => {
    const text = await explain([ERRORS.replace("1%", "0.01%").replace("20,", "500,")]);

    expect(text).toContain("false alarms a day: raise the limit");
    expect(text).toContain("it hardly ever clears:");
    expect(text).toContain("false alarm     100 % a day");
  });

  it("has no warning for an ordinary rule", async () => {
    expect(await explain([DOWN, SLOW])).not.toContain("warning");
  });

  it("answers a program with the same names every time", async () => {
    const { application, signals } = Explained.parse(
      JSON.parse(await explain([DOWN, ERRORS], "--json")),
    );

    expect(application).toBe("app");
    expect(signals.map((one) => one.signal)).toEqual(["health", "errors"]);
    expect(signals[0]).toMatchObject({
      windowSeconds: null,
      detectSeconds: { typical: 5, worst: 6 },
      neverFires: null,
    });
    expect(signals[1]).toMatchObject({ windowSeconds: 10, minSamples: 20, breachAfter: 1 });
    const { day, year } = signals[0]?.falseAlarmChance ?? { day: 0, year: 0 };
    expect(day).toBeCloseTo(4.3e-5, 6);
    expect(year).toBeCloseTo(1 - (1 - day) ** 365, 10);
  });
});
