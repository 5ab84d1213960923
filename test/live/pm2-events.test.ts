import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kill } from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Lab, openLab } from "../../lab/lab.ts";
import { openPm2Home, type Pm2Home, PM2_PROGRAM } from "../../lab/pm2-home.ts";
import type { Sample } from "../../src/model/sample.ts";
import { createPm2Probe, Pm2ProbeSettings } from "../../src/observe/probes/pm2.ts";
import {
  createPm2MetricsProbe,
  Pm2MetricsProbeSettings,
} from "../../src/observe/probes/pm2-metrics.ts";
import type { Probe } from "../../src/observe/probe.ts";
import { startSampler } from "../../src/observe/sampler.ts";
import { openWake, type Wake } from "../../src/observe/wake.ts";
import { openClock } from "../../src/system/clock.ts";
import { openEventLoop } from "../../src/system/event-loop.ts";
import { openFiles } from "../../src/system/files.ts";
import { openPm2, type Pm2 } from "../../src/system/pm2.ts";
import { openPm2Events, type ServiceEvent } from "../../src/system/pm2-events.ts";
import { openProcesses } from "../../src/system/process.ts";

const clock = openClock();
/** Answers each request, and crashes when it is told to. */
const SCRIPT = `
const server = require("http").createServer((_, response) => setTimeout(() => response.end("ok"), 10));
server.listen(0, "127.0.0.1", () => {
  const url = "http://127.0.0.1:" + server.address().port + "/";
  require("fs").writeFileSync("url", url);
  setInterval(() => fetch(url).then((answer) => answer.text(), () => undefined), 50);
});
process.on("SIGUSR2", () => process.exit(3));
setInterval(() => console.log("x".repeat(1000)), 5);
`;

interface Setting {
  readonly lab: Lab;
  readonly home: Pm2Home;
  readonly app: string;
  readonly pm2: Pm2;
  readonly ending: AbortController;
}

/** A pm2 with the chatty service `web`, which waits long for its restart after a crash. */
async function open(): Promise<Setting> {
  const lab = await openLab();
  const app = join(lab.folder, "app");
  await mkdir(app);
  await writeFile(join(app, "web.js"), SCRIPT);
  const service = { name: "web", script: "web.js", restart_delay: 30_000 };
  await writeFile(join(app, "ecosystem.json"), JSON.stringify({ apps: [service] }));
  const home = await openPm2Home(lab, join(lab.folder, "p"));
  await home.command(["start", "ecosystem.json"], app);
  const settings = { home: home.folder, program: PM2_PROGRAM, environment: {} };
  const ports = { clock, files: openFiles(), processes: openProcesses(clock) };
  return { lab, home, app, pm2: openPm2(settings, ports), ending: new AbortController() };
}

/** Resolves with the first event that is asked for, of those that come from now on. */
async function nextEvent(
  { home, ending }: Setting,
  isIt: (event: ServiceEvent) => boolean,
  begun: () => Promise<void>,
): Promise<ServiceEvent> {
  return new Promise((resolve, reject) => {
    openPm2Events(home.folder, clock)
      .listen((event) => {
        if (isIt(event)) {
          resolve(event);
        }
      }, ending.signal)
      .catch(() => undefined);
    begun().catch(reject);
  });
}

async function pidOf({ pm2, ending }: Setting): Promise<number> {
  const [service] = await pm2.services(["web"], ending.signal);
  return service?.instances[0]?.pid ?? 0;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = clock.deadline(30_000, new AbortController().signal);
  while (!(await condition())) {
    await clock.sleep(20, end);
  }
}

describe("pm2's events, live", () => {
  let setting: Setting;

  beforeEach(async () => {
    setting = await open();
  }, 60_000);

  afterEach(async () => {
    setting.ending.abort();
    await setting.lab.end();
  }, 60_000);

  it("show a crash before the next poll does", { timeout: 60_000 }, async () => {
    const { pm2, home, ending } = setting;
    const wake = openWake();
    const order: string[] = [];
    openPm2Events(home.folder, clock)
      .listen(({ event }) => {
        order.push(event);
        wake.wake(new Set(["services"]));
      }, ending.signal)
      .catch(() => undefined);
    const seen = { woken: [] as Sample[], unwoken: [] as Sample[] };
    for (const [name, from] of [
      ["woken", wake],
      ["unwoken", undefined],
    ] as const) {
      sample(aProbe(pm2), from, (one) => {
        seen[name].push(one);
        const isBad = one.reading.kind === "measured" && one.reading.value > 0;
        order.push(`${name} ${isBad ? "bad" : "good"}`);
      });
    }
    await until(() => seen.woken.length > 0 && seen.unwoken.length > 0);

    kill(await pidOf(setting), "SIGUSR2");
    await until(() => order.includes("unwoken bad"));

    const bad = order.filter((one) => one === "exit" || one.endsWith("bad"));
    expect(bad.slice(0, 3)).toEqual(["exit", "woken bad", "unwoken bad"]);
  });

  it(
    "are heard from the daemon that took the place of a dead one",
    { timeout: 90_000 },
    async () => {
      const { home, app } = setting;
      const daemon = Number(await readFile(join(home.folder, "pm2.pid"), "utf8"));

      const event = await nextEvent(
        setting,
        ({ event: name }) => name === "online",
        async () => {
          kill(daemon, "SIGKILL");
          await until(async () => !(await isListening(setting)));
          await home.command(["start", "ecosystem.json"], app);
          // Only an event after the listener is back is heard: this goes on until then.
          for (let times = 0; times < 15 && !setting.ending.signal.aborted; times += 1) {
            await clock.sleep(1000, setting.ending.signal);
            await home.command(["restart", "web"], app);
          }
        },
      );

      expect(event).toEqual({ service: "web", event: "online" });
    },
  );

  it("leave room for what pm2 measures inside the process", { timeout: 60_000 }, async () => {
    const { pm2, ending } = setting;
    const probes = ["HTTP Mean Latency", "Used Heap Size"].map((metric) =>
      createPm2MetricsProbe(
        "metric",
        Pm2MetricsProbeSettings.parse({ kind: "pm2-metrics", service: "web", metric }),
        { pm2, clock },
      ),
    );
    async function readings(): Promise<readonly number[]> {
      const all = await Promise.all(probes.map(async (probe) => probe.sample(ending.signal)));
      return all.flatMap((one) => (one.kind === "measured" ? [one.value] : []));
    }
    await until(async () => (await readings()).length === probes.length);

    const [latency = 0, heap = 0] = await readings();

    expect(latency).toBeGreaterThan(0.005);
    expect(latency).toBeLessThan(5);
    expect(heap).toBeGreaterThan(1024 * 1024);
  });

  function sample(probe: Probe, wake: Wake | undefined, onSample: (one: Sample) => void): void {
    const from = wake === undefined ? {} : { wake };
    const input = { probes: [probe], clock, lag: openEventLoop(clock), onSample, ...from };
    startSampler(input, setting.ending.signal).catch(() => undefined);
  }
});

function aProbe(pm2: Pm2): Probe {
  const settings = Pm2ProbeSettings.parse({ kind: "pm2", interval: "5s" });
  return createPm2Probe("services", settings, { pm2, clock, services: ["web"] });
}

async function isListening({ pm2, ending }: Setting): Promise<boolean> {
  return (await pm2.daemon(ending.signal)).kind === "alive";
}
