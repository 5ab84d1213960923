import { spawn } from "node:child_process";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kill } from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { openLab } from "../../lab/lab.ts";
import type { Lab } from "../../lab/lab.ts";
import { openPm2Home, PM2_PROGRAM } from "../../lab/pm2-home.ts";
import type { Pm2Home } from "../../lab/pm2-home.ts";
import { isAlive, processesOf } from "../../lab/processes.ts";
import type { ServiceInstance } from "../../src/model/service.ts";
import { openClock } from "../../src/system/clock.ts";
import type { Clock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openPm2 } from "../../src/system/pm2.ts";
import type { Pm2 } from "../../src/system/pm2.ts";
import { openProcesses } from "../../src/system/process.ts";
import { pm2Contract } from "../contracts/pm2.ts";

const clock = openClock();
const { signal } = new AbortController();

/** Writes its environment down at every start, is ready a while later if told so, and exits at SIGUSR2 as a crash does. */
const SCRIPT = `
console.log("started");
setTimeout(() => process.send?.("ready"), Number(process.env.READY_AFTER_MS || 0));
require("fs").writeFileSync("env-" + process.env.name + "-" + (process.env.NODE_APP_INSTANCE || 0) + ".json", JSON.stringify(process.env));
process.on("SIGUSR2", () => process.exit(3));
setInterval(() => undefined, 1000);
`;

/** A pm2 home with the service `steady`, and rollwatch's view of it. */
interface Setting {
  readonly lab: Lab;
  readonly home: Pm2Home;
  readonly app: string;
  readonly pm2: Pm2;
}

async function open(): Promise<Setting> {
  const lab = await openLab();
  const app = join(lab.folder, "app");
  await mkdir(app);
  await writeFile(join(app, "steady.js"), SCRIPT);
  await writeFile(join(app, "ecosystem.json"), JSON.stringify({ apps: [aService("steady")] }));
  const home = await openPm2Home(lab, join(lab.folder, "p"));
  await home.command(["start", "ecosystem.json"], app);
  // What a careless watcher would leak: its own variables.
  const environment = { PATH: home.env["PATH"] ?? "", HOME: app, PORT: "9999", LEAK: "secret" };
  const settings = { home: home.folder, program: PM2_PROGRAM, environment };
  const pm2 = openPm2(settings, { clock, files: openFiles(), processes: openProcesses(clock) });
  return { lab, home, app, pm2 };
}

function aService(name: string, options: object = {}, env: object = {}): object {
  return {
    name,
    script: "steady.js",
    args: ["--one", "two three"],
    node_args: ["--no-warnings"],
    max_memory_restart: "200M",
    kill_timeout: 900,
    exp_backoff_restart_delay: 100,
    env: { PORT: 4104, COLOR: "blue", ...env },
    ...options,
  };
}

/** Starts a service as a person does, from a file. */
async function startService({ app, home }: Setting, service: object): Promise<void> {
  await writeFile(join(app, "more.json"), JSON.stringify({ apps: [service] }));
  await home.command(["start", "more.json"], app);
}

async function instances(pm2: Pm2, name: string): Promise<readonly ServiceInstance[]> {
  const [service] = await pm2.services([name], signal);
  return service?.instances ?? [];
}

async function only(pm2: Pm2, name: string): Promise<ServiceInstance> {
  const [instance] = await instances(pm2, name);
  if (instance === undefined) {
    throw new Error(`no instance of ${name}`);
  }
  return instance;
}

/** The same pm2, seen by somebody who dies at the call after so many. */
function mortal({ home }: Setting, calls: number): Pm2 {
  let left = calls;
  const mortalClock: Clock = {
    ...clock,
    deadline: (ms, parent) => {
      left -= 1;
      return left < 0 ? AbortSignal.abort(new Error("died")) : clock.deadline(ms, parent);
    },
  };
  const settings = { home: home.folder, program: PM2_PROGRAM, environment: {} };
  const ports = { clock: mortalClock, files: openFiles(), processes: openProcesses(clock) };
  return openPm2(settings, ports);
}

/** Every process of a service, whether pm2 knows it or not. */
async function running({ lab }: Setting): Promise<readonly number[]> {
  const all = await processesOf(lab.folder);
  return sorted(
    all.filter((one) => /steady\.js|ProcessContainer/u.test(one.command)).map((one) => one.pid),
  );
}

function sorted(pids: readonly number[]): readonly number[] {
  return pids.toSorted((a, b) => a - b);
}

async function daemonPid(home: Pm2Home): Promise<number> {
  return Number(await readFile(join(home.folder, "pm2.pid"), "utf8"));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = clock.deadline(15_000, signal);
  while (!(await condition())) {
    await clock.sleep(20, end);
  }
}

/**
 * The environment that the latest process wrote down; asked once for each start. pm2 adds its own record, whose keys are
 * in lower case.
 */
async function environmentOf(
  app: string,
  name: string,
  worker = 0,
): Promise<Readonly<Record<string, string>>> {
  const file = join(app, `env-${name}-${worker}.json`);
  await until(async () => (await readFile(file, "utf8").catch(() => "")).endsWith("}"));
  const all = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(file, "utf8")));
  await rm(file);
  return Object.fromEntries(Object.entries(all).filter(([key]) => /^[A-Z]/u.test(key)));
}

/** Pipes and local sockets that this process holds. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((one) => one === "PipeWrap").length;
}

async function killDaemon({ home }: Setting): Promise<void> {
  const pid = await daemonPid(home);
  kill(pid, "SIGKILL");
  await until(async () => !(await isAlive(pid)));
}

pm2Contract("pm2 itself", async () => {
  const setting = await open();
  return {
    pm2: setting.pm2,
    killDaemon: async () => killDaemon(setting),
    close: async () => {
      await setting.lab.end();
    },
  };
});

describe("pm2 itself", () => {
  let setting: Setting;

  beforeEach(async () => {
    setting = await open();
  });

  afterEach(async () => {
    await setting.lab.end();
  });

  it("tells the daemon's pid and start", async () => {
    const daemon = await setting.pm2.daemon(signal);

    expect(daemon).toMatchObject({ kind: "alive", pid: await daemonPid(setting.home) });
    expect(daemon.kind === "alive" && clock.now() - daemon.startedAt).toBeLessThan(60_000);
  });

  it("calls a stopped daemon hung within two seconds, and alive again once it runs on", async () => {
    const pid = await daemonPid(setting.home);
    kill(pid, "SIGSTOP");
    const start = clock.monotonic();

    const hung = await setting.pm2.daemon(signal).finally(() => kill(pid, "SIGCONT"));

    expect(clock.monotonic() - start).toBeLessThan(2000);
    expect(hung).toMatchObject({ kind: "hung", pid });
    expect(await setting.pm2.daemon(signal)).toMatchObject({ kind: "alive", pid });
  });

  it("starts no daemon and writes no file when the daemon is dead", async () => {
    const { home, lab, pm2 } = setting;
    const [definition] = await pm2.definitions(["steady"], signal);
    await killDaemon(setting);
    await until(async () => (await processesOf(lab.folder)).length === 0);
    const before = await readdir(home.folder);

    const effects = await Promise.allSettled([
      pm2.daemon(signal),
      pm2.services(["steady"], signal),
      pm2.replace("steady", definition === undefined ? [] : [definition], signal),
      pm2.save(signal),
      pm2.dumped(),
      pm2.busy(clock.now()),
    ]);

    expect(effects).toHaveLength(6);
    expect(await processesOf(lab.folder)).toEqual([]);
    expect(await readdir(home.folder)).toEqual(before);
  });

  it("calls a daemon dead whose pid file names another process by now", async () => {
    const { home, pm2 } = setting;
    await killDaemon(setting);
    // Not this process: whoever cleans up ends the one that the file names.
    const other = spawn("sleep", ["60"], { stdio: "ignore" });
    await writeFile(join(home.folder, "pm2.pid"), String(other.pid));

    const daemon = await pm2.daemon(signal).finally(() => other.kill());

    expect(daemon).toMatchObject({
      kind: "dead",
      reason: expect.stringMatching(/no daemon process/u),
    });
  });

  it("keeps a service's environment and definition over a restart, without ours", async () => {
    const { app, pm2 } = setting;
    const before = await only(pm2, "steady");
    const environment = await environmentOf(app, "steady");
    await pm2.stop({ service: "steady", id: before.id }, signal);

    await pm2.restart({ service: "steady", id: before.id }, signal);

    expect(await environmentOf(app, "steady")).toEqual(environment);
    expect(environment).toMatchObject({ PORT: "4104", COLOR: "blue" });
    expect((await only(pm2, "steady")).definitionHash).toBe(before.definitionHash);
  });

  it("keeps the definition's hash over a crash", async () => {
    const { pm2 } = setting;
    const before = await only(pm2, "steady");
    await environmentOf(setting.app, "steady");

    kill(before.pid, "SIGUSR2");

    await until(async () => {
      const now = await only(pm2, "steady");
      return now.status === "online" && now.pid !== before.pid;
    });
    expect(await only(pm2, "steady")).toMatchObject({
      definitionHash: before.definitionHash,
      restarts: before.restarts + 1,
    });
  });

  it("changes the hash when somebody changes a variable", async () => {
    const { app, home, pm2 } = setting;
    const before = await only(pm2, "steady");
    const changed = { apps: [aService("steady", {}, { COLOR: "red" })] };
    await writeFile(join(app, "ecosystem.json"), JSON.stringify(changed));

    await home.command(["restart", "ecosystem.json", "--update-env"], app);

    expect((await only(pm2, "steady")).definitionHash).not.toBe(before.definitionHash);
  });

  it("starts a service that waits for its next restart once only", async () => {
    const { app, home, pm2 } = setting;
    const waiting = aService("waiting", { restart_delay: 60_000 });
    await writeFile(join(app, "waiting.json"), JSON.stringify({ apps: [waiting] }));
    await home.command(["start", "waiting.json"], app);
    await environmentOf(app, "waiting");
    const { id, pid } = await only(pm2, "waiting");
    kill(pid, "SIGUSR2");
    await until(async () => (await only(pm2, "waiting")).status === "waiting-restart");
    const noProcess = await only(pm2, "waiting");

    await pm2.restart({ service: "waiting", id }, signal);

    expect(noProcess.pid).toBe(0);
    expect(await only(pm2, "waiting")).toMatchObject({ id, status: "online" });
  });

  it("stops a service that is still launching for good", async () => {
    const { pm2 } = setting;
    const slow = aService("slow", { wait_ready: true }, { READY_AFTER_MS: "1000" });
    const starting = startService(setting, slow);
    await until(async () => (await instances(pm2, "slow"))[0]?.status === "launching");
    const { id, pid } = await only(pm2, "slow");

    await pm2.stop({ service: "slow", id }, signal);
    await starting;

    expect(await only(pm2, "slow")).toMatchObject({ status: "stopped", restarts: 0 });
    expect(await running(setting)).not.toContain(pid);
    expect(await running(setting)).toHaveLength(1);
  });

  it("stops a service that hangs at boot, once pm2 has waited as long as its record says", async () => {
    const { pm2 } = setting;
    const options = { wait_ready: true, listen_timeout: 2000 };
    const hanging = aService("hanging", options, { READY_AFTER_MS: "600000" });
    const starting = startService(setting, hanging);
    await until(async () => (await instances(pm2, "hanging"))[0]?.status === "launching");
    const before = await only(pm2, "hanging");

    await pm2.stop({ service: "hanging", id: before.id }, signal);
    await starting;

    expect(before).toMatchObject({ waitReady: true, listenTimeoutMs: 2000, killTimeoutMs: 900 });
    expect(await only(pm2, "hanging")).toMatchObject({ status: "stopped", restarts: 0 });
    expect(await running(setting)).not.toContain(before.pid);
  });

  it("gives a replaced service exactly the captured environment, with nothing added meanwhile and nothing of ours", async () => {
    const { app, home, pm2 } = setting;
    const captured = await pm2.definitions(["steady"], signal);
    const environment = await environmentOf(app, "steady");
    const additions = {
      apps: [aService("steady", {}, { COLOR: "red", ADDED: "by the bad release" })],
    };
    await writeFile(join(app, "ecosystem.json"), JSON.stringify(additions));
    await home.command(["restart", "ecosystem.json", "--update-env"], app);
    const worse = await environmentOf(app, "steady");

    await pm2.replace("steady", captured, signal);

    const restored = await environmentOf(app, "steady");
    expect(worse["ADDED"]).toBe("by the bad release");
    expect(restored).toEqual(environment);
    expect(Object.keys(restored)).not.toContain("LEAK");
    expect(restored["PORT"]).toBe("4104");
  });

  it("takes back every option that a release defines", async () => {
    const { pm2 } = setting;
    const captured = await pm2.definitions(["steady"], signal);

    await pm2.replace("steady", captured, signal);

    expect(await pm2.definitions(["steady"], signal)).toEqual(captured);
    expect((await only(pm2, "steady")).definitionHash).toBe(captured[0]?.hash);
  });

  it("keeps the hash of a replaced service over a crash and over an update by an unchanged file", async () => {
    const { app, home, pm2 } = setting;
    const captured = await pm2.definitions(["steady"], signal);
    await pm2.replace("steady", captured, signal);
    const replaced = await only(pm2, "steady");
    await environmentOf(app, "steady");

    kill(replaced.pid, "SIGUSR2");
    await until(async () => (await only(pm2, "steady")).startedAt !== replaced.startedAt);
    const crashed = await only(pm2, "steady");
    await home.command(["startOrRestart", "ecosystem.json", "--update-env"], app);
    const updated = await only(pm2, "steady");

    await pm2.replace("steady", await pm2.definitions(["steady"], signal), signal);

    const hashes = [replaced, crashed, updated, await only(pm2, "steady")].map(
      (one) => one.definitionHash,
    );
    expect(new Set([...hashes, captured[0]?.hash]).size).toBe(1);
    expect(updated.restarts).toBe(crashed.restarts + 1);
  });

  it("lets pm2 bring a replaced service back after a reboot as it is", async () => {
    const { app, home, pm2 } = setting;
    const captured = await pm2.definitions(["steady"], signal);
    await pm2.replace("steady", captured, signal);
    await environmentOf(app, "steady");
    await pm2.save(signal);
    await home.kill();

    await home.command(["resurrect"], app);

    expect((await only(pm2, "steady")).definitionHash).toBe(captured[0]?.hash);
    expect((await environmentOf(app, "steady"))["COLOR"]).toBe("blue");
  });

  it("captures the whole environment also after a restart from a file, which pm2 then takes for all of it", async () => {
    const { app, home, pm2 } = setting;
    await environmentOf(app, "steady");
    await home.command(["startOrRestart", "ecosystem.json", "--update-env"], app);
    const environment = await environmentOf(app, "steady");
    const captured = await pm2.definitions(["steady"], signal);

    await pm2.replace("steady", captured, signal);

    expect(await environmentOf(app, "steady")).toEqual(environment);
    expect(environment).toMatchObject({ PATH: home.env["PATH"], COLOR: "blue" });
  });

  it("replaces a cluster by as many workers as were captured, numbered anew", async () => {
    const { app, home, pm2 } = setting;
    await startService(setting, aService("pair", { instances: 2, exec_mode: "cluster" }));
    const before = await instances(pm2, "pair");
    const captured = await pm2.definitions(["pair"], signal);
    await environmentOf(app, "pair", 1);
    await home.command(["scale", "pair", "3"], app);

    await pm2.replace("pair", captured, signal);

    const after = await instances(pm2, "pair");
    expect(new Set(before.map((one) => one.uniqueId)).size).toBe(2);
    expect(after.map((one) => one.status)).toEqual(["online", "online"]);
    expect(new Set([...before, ...after].map((one) => one.definitionHash)).size).toBe(1);
    expect((await environmentOf(app, "pair", 1))["NODE_APP_INSTANCE"]).toBe("1");
  });

  it("gives each process of a service its own counted variable", async () => {
    const { app, pm2 } = setting;
    await startService(setting, aService("twins", { instances: 2, increment_var: "PORT" }));
    const captured = await pm2.definitions(["twins"], signal);
    await environmentOf(app, "twins", 1);

    await pm2.replace("twins", captured, signal);

    expect((await environmentOf(app, "twins", 1))["PORT"]).toBe("4105");
    expect(await pm2.definitions(["twins"], signal)).toMatchObject(
      captured.map(({ env, hash }) => ({ env, hash })),
    );
  });

  it("waits for a replaced service to call itself ready", async () => {
    const { pm2 } = setting;
    await startService(setting, aService("slow", { wait_ready: true }, { READY_AFTER_MS: "400" }));
    const captured = await pm2.definitions(["slow"], signal);
    const begun = clock.now();

    await pm2.replace("slow", captured, signal);

    expect((await only(pm2, "slow")).status).toBe("online");
    expect(clock.now() - begun).toBeGreaterThanOrEqual(400);
  });

  it("leaves one process when it replaces a service that is still launching", async () => {
    const { pm2 } = setting;
    await startService(setting, aService("slow", { wait_ready: true }, { READY_AFTER_MS: "1000" }));
    const captured = await pm2.definitions(["slow"], signal);
    const first = new AbortController();
    const dying = pm2.replace("slow", captured, first.signal).catch((error: unknown) => error);
    await until(async () =>
      (await instances(pm2, "slow")).some((one) => one.status === "launching"),
    );
    first.abort(new Error("killed"));

    await pm2.replace("slow", captured, signal);

    expect(await dying).toMatchObject({ message: "killed" });
    const known = [...(await instances(pm2, "slow")), await only(pm2, "steady")];
    expect(known).toHaveLength(2);
    expect(await running(setting)).toEqual(sorted(known.map((one) => one.pid)));
  });

  it("leaves one set of processes wherever the attempt before it died", async () => {
    const { pm2 } = setting;
    await startService(
      setting,
      aService("pair", { instances: 2, watch: ["nothing"], kill_timeout: 300 }),
    );
    const captured = await pm2.definitions(["pair"], signal);
    let deaths = 0;
    let calls = 0;
    let survived = false;

    while (!survived) {
      survived = await mortal(setting, calls)
        .replace("pair", captured, signal)
        .then(
          () => true,
          () => false,
        );
      calls += 1;
      deaths += survived ? 0 : 1;
      await pm2.replace("pair", captured, signal);

      const known = [...(await instances(pm2, "pair")), await only(pm2, "steady")];
      expect(known).toHaveLength(3);
      expect(await running(setting)).toEqual(sorted(known.map((one) => one.pid)));
    }

    expect(deaths).toBeGreaterThan(10);
  });

  it("starts a service that pm2 does not know", async () => {
    const { app, home, pm2 } = setting;
    const captured = await pm2.definitions(["steady"], signal);
    const environment = await environmentOf(app, "steady");
    await home.command(["delete", "steady"], app);

    await pm2.replace("steady", captured, signal);

    expect((await only(pm2, "steady")).definitionHash).toBe(captured[0]?.hash);
    expect(await environmentOf(app, "steady")).toEqual(environment);
  });

  it("writes to the same logs, whose folder it makes when it is gone", async () => {
    const { app, pm2 } = setting;
    const logs = join(app, "logs");
    await startService(
      setting,
      aService("noisy", { merge_logs: true, out_file: join(logs, "noisy.log") }),
    );
    const captured = await pm2.definitions(["noisy"], signal);
    await rm(logs, { recursive: true });

    await pm2.replace("noisy", captured, signal);

    await until(async () => (await readFile(join(logs, "noisy.log"), "utf8")) === "started\n");
    expect(await pm2.definitions(["noisy"], signal)).toMatchObject(
      captured.map(({ options }) => ({
        options: { pm_out_log_path: options["pm_out_log_path"] },
      })),
    );
  });

  it.each([
    ["script", { pm_exec_path: "/nowhere/steady.js" }],
    ["folder", { pm_cwd: "/nowhere" }],
    ["interpreter", { exec_interpreter: "no-such-interpreter" }],
    ["place for its log", { pm_out_log_path: undefined }],
  ])("deletes nothing when the %s to start with is missing", async (_, change) => {
    const { pm2 } = setting;
    const before = await only(pm2, "steady");
    const captured = await pm2.definitions(["steady"], signal);
    const unfit = captured.map((one) => ({ ...one, options: { ...one.options, ...change } }));

    const replacing = pm2.replace("steady", unfit, signal);

    await expect(replacing).rejects.toMatchObject({ code: "program-failed" });
    expect((await only(pm2, "steady")).uniqueId).toBe(before.uniqueId);
  });

  it("keeps the old dump as a backup when it saves", async () => {
    const { home, pm2 } = setting;
    await pm2.save(signal);
    const first = await readFile(join(home.folder, "dump.pm2"), "utf8");
    const { id } = await only(pm2, "steady");
    await pm2.restart({ service: "steady", id }, signal);

    await pm2.save(signal);

    expect(await readFile(join(home.folder, "dump.pm2.bak"), "utf8")).toBe(first);
    expect(await readFile(join(home.folder, "dump.pm2"), "utf8")).not.toBe(first);
  });

  it("names a pm2 program that is missing", async () => {
    const { home } = setting;
    const settings = { home: home.folder, program: "/nowhere/pm2", environment: {} };
    const pm2 = openPm2(settings, { clock, files: openFiles(), processes: openProcesses(clock) });

    const saving = pm2.save(signal);

    await expect(saving).rejects.toMatchObject({ code: "program-missing" });
  });

  it("keeps no connection open", async () => {
    const { pm2 } = setting;
    const before = sockets();

    for (let count = 0; count < 50; count += 1) {
      await pm2.services(["steady"], signal);
    }
    await until(async () => sockets() <= before);

    expect(sockets()).toBeLessThanOrEqual(before);
    expect((await stat(join(setting.home.folder, "rpc.sock"))).isSocket()).toBe(true);
  });
});
