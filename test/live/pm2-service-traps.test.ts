import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../lab/environment.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { send } from "../../lab/processes.ts";
import { createPm2Probe, Pm2ProbeSettings } from "../../src/observe/probes/pm2.ts";
import { openClock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import { openProcesses } from "../../src/system/process.ts";
import { type MistrustedPm2, openMistrustedPm2 } from "./support/mistrusted-pm2.ts";

const clock = openClock();
const files = openFiles();
const { signal } = new AbortController();
/** How long pm2's reload lock holds. */
const LOCK_MS = 30_000;

let setting: MistrustedPm2;

beforeAll(async () => {
  setting = await openMistrustedPm2();
});

afterAll(async () => {
  await setting.lab.end();
});

async function person(...args: readonly string[]): Promise<void> {
  await setting.home.command(args, setting.app);
}

/** Deletes a service that pm2 starts by the clock: a start in the middle of that undoes it, or leaves a process that pm2 forgets. */
async function isGone(name: string): Promise<boolean> {
  const known = await setting.instances(name);
  if (known.length > 0) {
    await person("delete", name);
    return false;
  }
  const left = await setting.running();
  for (const pid of left) {
    send(pid, "SIGKILL");
  }
  return left.length === 0;
}

/** How many of the services are down, and what is said of them. */
async function look(...services: readonly string[]): Promise<unknown> {
  const settings = Pm2ProbeSettings.parse({ kind: "pm2" });
  const probe = createPm2Probe("services", settings, { pm2: setting.pm2, clock, services });
  return probe.sample(signal);
}

describe("an id that pm2 gave to another service meanwhile", () => {
  it("does not have that one stopped, restarted or deleted", async () => {
    const { pm2 } = setting;
    await setting.start({ name: "first" });
    const { id } = await setting.only("first");
    await person("delete", "first");
    await setting.start({ name: "second" });
    const second = await setting.only("second");

    const effects = await Promise.allSettled([
      pm2.stop({ service: "first", id }, signal),
      pm2.restart({ service: "first", id }, signal),
    ]);

    expect(second.id).toBe(id);
    for (const one of effects) {
      expect(one).toMatchObject({ status: "rejected", reason: { code: "service-unknown" } });
    }
    expect(await setting.only("second")).toEqual(second);
    await person("delete", "second");
  });
});

describe("two services of one name", () => {
  it("in two namespaces are brought back each into its own", async () => {
    const { pm2 } = setting;
    await setting.start(
      { name: "twin", namespace: "left", env: { SIDE: "left" } },
      { name: "twin", namespace: "right", env: { SIDE: "right" } },
    );
    const captured = await pm2.definitions(["twin"], signal);
    await person("restart", "left");

    await pm2.replace("twin", captured, signal);

    const now = await pm2.definitions(["twin"], signal);
    const sides = now.map(({ options, env }) => `${String(options["namespace"])} ${env["SIDE"]}`);
    expect(sides.toSorted()).toEqual(["left left", "right right"]);
    expect((await setting.instances("twin")).map(({ status }) => status)).toEqual([
      "online",
      "online",
    ]);
    await person("delete", "twin");
  });
});

describe("a reload that pm2 calls done", () => {
  it("leaves a release that exits at its start, which is seen as down and started again once it can be", async () => {
    const { pm2, app } = setting;
    const mishap = join(app, "mishap");
    await setting.start({ name: "failing", max_restarts: 2, env: { MISHAP: mishap } });
    expect(await look("failing")).toMatchObject({ kind: "measured", value: 0 });
    await writeFile(mishap, "");

    // pm2's own exit status is 0: anything else would be thrown here.
    await person("reload", "failing");

    await setting.until("its failure", async () => {
      const { status } = await setting.only("failing");
      return status === "errored";
    });
    expect(await look("failing")).toMatchObject({ value: 1, detail: "failing is errored" });
    await rm(mishap);
    const { id } = await setting.only("failing");
    await pm2.restart({ service: "failing", id }, signal);
    expect(await setting.only("failing")).toMatchObject({ id, status: "online" });
    await person("delete", "failing");
  });

  it("leaves its lock when it is killed, which is taken for somebody at work and stops no rollback for long", async () => {
    const { pm2, home, app } = setting;
    await setting.start({ name: "slow", wait_ready: true, env: { READY_AFTER_MS: "700" } });
    const command = spawn(process.execPath, [PM2_PROGRAM, "reload", "slow"], {
      cwd: app,
      env: home.env,
      stdio: "ignore",
    });
    const ended = once(command, "exit");
    await setting.until("the lock", async () => (await pm2.busy(clock.now())) !== null);
    send(command.pid ?? 0, "SIGKILL");
    await ended;

    const { id } = await setting.only("slow");
    await pm2.restart({ service: "slow", id }, signal);

    expect((await setting.only("slow")).status).toBe("online");
    expect(await pm2.busy(clock.now())).toMatch(/pm2 has been reloading for/u);
    expect(await pm2.busy(clock.now() + LOCK_MS)).toBeNull();
    await person("delete", "slow");
    await writeFile(join(home.folder, "reload.lock"), "");
  });
});

describe("a service that pm2 starts by itself", () => {
  it("at fixed times goes on doing so when it was replaced, as one process, and also when it was stopped", async () => {
    const { pm2 } = setting;
    await setting.start({ name: "timed", cron_restart: "* * * * * *" });
    const captured = await pm2.definitions(["timed"], signal);
    await pm2.replace("timed", captured, signal);
    const replaced = await setting.only("timed");
    await setting.until("its next start by the clock", async () => {
      const { startedAt } = await setting.only("timed");
      return startedAt > replaced.startedAt;
    });
    // Also while it is stopped, which pm2 does not take for a reason to leave it alone.
    await pm2.stop({ service: "timed", id: replaced.id }, signal);
    await setting.until("its start although it was stopped", async () => {
      const { status } = await setting.only("timed");
      return status === "online";
    });

    const timed = await setting.only("timed");
    expect(timed.definitionHash).toBe(captured[0]?.hash);
    expect((await setting.running()).filter((one) => one === timed.pid)).toHaveLength(1);
    await setting.until("its end", async () => isGone("timed"));
  });

  it("never after it has ended is started again by us alone, and no person's stop", async () => {
    const { pm2 } = setting;
    await setting.start({ name: "once", autorestart: false });
    const { id, pid } = await setting.only("once");
    send(pid, "SIGUSR2");
    await setting.until("its end", async () => (await setting.only("once")).status === "stopped");
    expect(await setting.only("once")).toMatchObject({ autorestart: false, pid: 0 });
    expect(await look("once")).toMatchObject({ value: 0, detail: "1 running" });

    await pm2.restart({ service: "once", id }, signal);

    expect(await setting.only("once")).toMatchObject({ status: "online" });
    await person("delete", "once");
  });
});

describe("a service behind a link", () => {
  it("runs the release that the link leads to when it was started through it, and the old one for ever when not", async () => {
    const { pm2, app } = setting;
    for (const release of ["1", "2"]) {
      await mkdir(join(app, release));
      await writeFile(join(app, release, "steady.js"), "setInterval(() => undefined, 1000);");
    }
    const current = join(app, "current");
    await symlink(join(app, "1"), current);
    await setting.start(
      { name: "led", cwd: current, script: join(current, "steady.js") },
      { name: "frozen", cwd: join(app, "1"), script: "steady.js" },
    );
    await symlink(join(app, "2"), `${current}.new`);
    await rename(`${current}.new`, current);

    for (const service of ["led", "frozen"]) {
      const { id } = await setting.only(service);
      await pm2.restart({ service, id }, signal);
    }

    const processes = openProcesses(clock);
    const [led, frozen] = [await setting.only("led"), await setting.only("frozen")];
    // pm2 says online of both; where they work the kernel alone tells.
    expect([led.status, frozen.status]).toEqual(["online", "online"]);
    expect((await processes.look(led.pid))?.cwd).toBe(join(app, "2"));
    expect((await processes.look(frozen.pid))?.cwd).toBe(join(app, "1"));
    expect([led.cwd, frozen.cwd]).toEqual([current, join(app, "1")]);
    await person("delete", "led", "frozen");
  });
});

describe("pm2's dump", () => {
  it("is told where it lacks a service, and names what runs after it was saved", async () => {
    const { pm2, home } = setting;
    await setting.start({ name: "api" }, { name: "worker" });
    await pm2.save(signal);
    const whole = await pm2.dumped();
    await person("delete", "worker");
    await person("save");

    const lacking = await setting.rollwatch("doctor");

    expect(whole).toEqual(["api", "worker"]);
    expect(lacking.said).toContain("it lacks worker: after a reboot pm2 does not start them");
    await writeFile(join(home.folder, "dump.pm2"), "[{");
    expect(await pm2.dumped()).toEqual([]);
    await setting.start({ name: "worker" });
    await pm2.save(signal);
    expect(await pm2.dumped()).toEqual(whole);
    await person("delete", "api", "worker");
  });
});

describe("a service that started rollwatch itself", () => {
  it("is not restarted by it: pm2 would end both", async () => {
    const { app, lab, pm2 } = setting;
    const said = join(lab.folder, "said.txt");
    const main = join(ROOT, "src", "main.ts");
    const args = [
      "rollback",
      "--scope",
      "service",
      "--service",
      "worker",
      "--yes",
      "--reason",
      "x",
    ];
    await writeFile(
      join(app, "hook.js"),
      `const { spawnSync } = require("child_process");
const ran = spawnSync(process.execPath, ${JSON.stringify(["--import", "tsx", main, ...args])}, {
  cwd: ${JSON.stringify(ROOT)}, env: { ...process.env, ROLLWATCH_CONFIG: ${JSON.stringify(join(lab.folder, "rollwatch.yaml"))} } });
require("fs").writeFileSync(${JSON.stringify(`${said}.new`)}, ran.status + " " + ran.stdout + ran.stderr);
require("fs").renameSync(${JSON.stringify(`${said}.new`)}, ${JSON.stringify(said)});
setInterval(() => undefined, 1000);`,
    );
    await setting.start({ name: "worker", script: "hook.js", kill_timeout: 900 });
    const before = await setting.only("worker");

    await setting.until("what it said", async () => (await files.kind(said)) === "file");

    expect(await setting.only("worker")).toMatchObject({
      pid: before.pid,
      restarts: before.restarts,
    });
    expect(await files.readText(said)).toMatch(/^[1-9].*rollwatch itself was started by worker/su);
    expect((await pm2.daemon(signal)).kind).toBe("alive");
  });

  it("ends without leaving a process, a port or a folder", async () => {
    expect(await setting.lab.end()).toEqual([]);
  });
});
