import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { labEnvironment } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { openClock } from "../../src/system/clock.ts";
import { openProcesses } from "../../src/system/process.ts";
import { type DaemonLife, startProgram } from "./support/daemon-life.ts";

const LIMIT_MS = 120_000;
/** What it starts leaves its group, and does not hear TERM; a second time it does nothing of the sort. */
const SCRIPT = `[ -e first ] && exec sleep 600
echo $$ > first
setsid sh -c 'trap "" TERM; echo $$ > second; while :; do sleep 1; done' &
sleep 600`;

let lab: Lab;
let folder: string;
let configuration: string;

beforeAll(async () => {
  lab = await openLab();
  folder = path.join(lab.folder, "checks");
  const [root, pm2Home] = [path.join(lab.folder, "application"), path.join(lab.folder, "pm2")];
  for (const one of [folder, root, pm2Home]) {
    await mkdir(one);
  }
  configuration = path.join(lab.folder, "rollwatch.yaml");
  const probe = {
    kind: "command",
    program: "/bin/sh",
    args: ["-c", SCRIPT],
    cwd: folder,
    interval: "2m",
    timeout: "1m",
  };
  const settings = {
    application: {
      name: "shop",
      root,
      pm2Home,
      pm2Program: PM2_PROGRAM,
      source: "directory",
      artifacts: ["api.js"],
      services: [{ name: "api", boot: "1s" }],
    },
    signals: [{ name: "report", trigger: "system-down", probe }],
    server: { listen: "127.0.0.1:0" },
    state: path.join(lab.folder, "state"),
  };
  await writeFile(configuration, stringify(settings));
  await chmod(configuration, 0o600);
});

afterAll(async () => {
  await lab.end();
});

function start(): DaemonLife {
  const life = startProgram(["run", "--config", configuration], labEnvironment(lab.folder, {}));
  lab.onEnd("rollwatch", async () => {
    life.send("SIGKILL");
    await life.ended;
  });
  return life;
}

async function pidIn(name: string, life: DaemonLife): Promise<number> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const text = await readFile(path.join(folder, name), "utf8").catch(() => "");
    if (text.endsWith("\n")) {
      return Number(text);
    }
    if (performance.now() > end) {
      throw new Error(`${name} was never written\n${life.output()}`);
    }
    await sleep(50);
  }
}

it("ends what a killed daemon's probe left running, before it watches", async () => {
  const processes = openProcesses(openClock());
  const killed = start();
  const pids = [await pidIn("first", killed), await pidIn("second", killed)];
  killed.send("SIGKILL");
  await killed.ended;
  const before = await Promise.all(pids.map(async (pid) => processes.look(pid)));

  const next = start();
  await next.ready;

  expect(before).not.toContain(undefined);
  expect(await Promise.all(pids.map(async (pid) => processes.look(pid)))).toEqual([
    undefined,
    undefined,
  ]);
  const said = next.output();
  expect(said).toContain("ended what an earlier rollwatch had left running");
  expect(said.indexOf("had left running")).toBeLessThan(said.indexOf('"watching"'));
});
