import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster } from "../../lab/cluster.ts";
import { constructedEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { readOverSocket } from "../../lab/over-socket.ts";
import { type RadiationSystem, startRadiationSystem } from "../../lab/radiation-system.ts";
import { startWatcher, type Watcher } from "../../lab/watcher.ts";
import { startWebhookReceiver } from "../../lab/webhook-receiver.ts";
import { CheckRound, Status } from "../../src/model/operations.ts";
import { RollbackPreview } from "../../src/model/preview.ts";

interface Running {
  readonly lab: Lab;
  readonly system: RadiationSystem;
  readonly watcher: Watcher;
  readonly environment: Readonly<Record<string, string>>;
}

async function start(): Promise<Running> {
  const lab = await openLab();
  const cluster = await startCluster(lab);
  const system = await startRadiationSystem(lab, cluster);
  const webhook = await startWebhookReceiver(lab);
  const watcher = await startWatcher(lab, system, { bake: "2s", webhook });
  const environment = constructedEnvironment({
    PATH: watcher.pm2.env["PATH"] ?? "",
    ROLLWATCH_CONFIG: watcher.configuration,
    ...watcher.variables,
  });
  return { lab, system, watcher, environment };
}

async function rollwatch(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [path.join(ROOT, "dist", "main.js"), ...args], {
    cwd: ROOT,
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code: Number(code), out, err };
}

async function statusOf(watcher: Watcher): Promise<Status> {
  const limit = AbortSignal.timeout(60_000);
  return Status.parse(JSON.parse(await readOverSocket(watcher.state, "/api/v1/status", limit)));
}

async function untilStatus(
  watcher: Watcher,
  what: string,
  isSo: (status: Status) => boolean,
): Promise<Status> {
  const end = performance.now() + 60_000;
  let status = await statusOf(watcher);
  while (!isSo(status)) {
    if (performance.now() > end) {
      throw new Error(`never seen: ${what}; last ${JSON.stringify(status)}`);
    }
    await sleep(200);
    status = await statusOf(watcher);
  }
  return status;
}

async function probeRuns(watcher: Watcher, signal: string): Promise<number> {
  const metrics = await (await fetch(`${watcher.url}/metrics`)).text();
  const line = metrics
    .split("\n")
    .find(
      (one) => one.startsWith("rollwatch_probe_runs_total{") && one.includes(`signal="${signal}"`),
    );
  return Number(line?.split(" ").at(-1));
}

/** Waits until the signal was sampled that many times more. */
async function untilSampled(watcher: Watcher, signal: string, times: number): Promise<void> {
  const goal = (await probeRuns(watcher, signal)) + times;
  while ((await probeRuns(watcher, signal)) < goal) {
    await sleep(200);
  }
}

describe("a daemon that watches the radiation system", () => {
  let running: Running;

  beforeAll(async () => {
    running = await start();
    await untilStatus(running.watcher, "a proven release", (status) =>
      status.releases.some((release) => release.provenAt !== null && release.ready === true),
    );
  });

  afterAll(async () => {
    await running.lab.end();
  });

  it("tells its state to `status` over its socket", async () => {
    const { code, out } = await rollwatch(running.environment, ["status", "--json"]);

    const status = Status.parse(JSON.parse(out));
    expect(code).toBe(0);
    expect(status.verdict?.kind).toBe("healthy");
    expect(status.deployed?.served).toBe("v1.4.0");
    expect(status.controls.map((one) => `${one.name} ${one.state}`)).toEqual([
      "loopback green",
      "event-loop green",
      "disk green",
      "memory green",
      "database green",
      "pm2 green",
      // Where everything is asked by its address there is no name to resolve.
      expect.stringMatching(/^dns (?:green|unknown)$/u),
      expect.stringMatching(/^upstream (?:green|unknown)$/u),
    ]);
  });

  it("leaves `check` to look for itself: one round, all good, exit 0", async () => {
    const { code, out } = await rollwatch(running.environment, ["check", "--json"]);

    const round = CheckRound.parse(JSON.parse(out));
    // One answer that is slow because this machine is busy is told truthfully.
    const slow = round.signals.filter(
      ({ name, value, limit }) => name === "response-time" && (value ?? 0) > limit,
    );
    expect(round.signals.filter((one) => one.bad)).toEqual(slow);
    expect(round.signals.map((one) => one.name)).toEqual([
      "api-health",
      "services",
      "database-reached",
      "response-time",
      "request-times",
      "request-errors",
      "memory",
      "pool",
      "connections",
      "alerts-socket",
      "alerts-match-readings",
      "readings-possible",
      "readings-lost",
      "alarm",
      "new-advisories",
      "list-lengths",
      "export-readable",
      "blindness",
      "csv-polling-heartbeat",
      "data-retention-heartbeat",
    ]);
    expect(code).toBe(slow.length);
  });

  it("has `rollback --dry-run` say that there is nothing to go back to, and change nothing", async () => {
    const { code, out, err } = await rollwatch(running.environment, [
      "rollback",
      "--dry-run",
      "--json",
    ]);

    const preview = RollbackPreview.parse(JSON.parse(out));
    expect(preview.target).toBeNull();
    expect(preview.refusals.map((one) => one.guard)).toContain("target-proven");
    expect(err).toContain("no proven release to go back to");
    expect(code).toBe(1);
  });

  it("refuses a second daemon on the same state folder, by name of the first", async () => {
    const { code, err } = await rollwatch(running.environment, ["run"]);

    expect(err).toContain("somebody else is at work");
    expect(code).toBe(1);
  });

  it("refuses to run in the application's own pm2 home", async () => {
    const inside = { ...running.environment, PM2_HOME: running.system.pm2.folder };

    const { code, err } = await rollwatch(inside, ["run"]);

    expect(err).toContain("PM2_HOME");
    expect(code).toBe(2);
  });

  it("blames nobody for the time in which it was frozen itself", async () => {
    const { watcher } = running;
    const pid = await watcher.pid();
    const runs = await probeRuns(watcher, "api-health");
    if (pid === undefined) {
      throw new Error("pm2 does not know rollwatch");
    }

    process.kill(pid, "SIGSTOP");
    try {
      // More than three windows of the slowest signal.
      await sleep(35_000);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await untilSampled(watcher, "api-health", 6);

    // Ten seconds or so of runs, not the fifty that two seconds apart would have made it.
    expect((await probeRuns(watcher, "api-health")) - runs).toBeLessThan(17);
    const status = await statusOf(watcher);
    expect([status.openIncident, status.lastIncidents, status.rollback]).toEqual([null, [], null]);
    expect(status.verdict?.kind).toBe("healthy");
    expect(await watcher.pid()).toBe(pid);
  });

  it("takes `pm2 stop all` for a person's wish: it runs on, opens no incident and changes nothing", async () => {
    const { system, watcher } = running;
    const pid = await watcher.pid();

    await system.pm2.command(["stop", "all"], system.root);
    await untilStatus(watcher, "the stop is noticed", ({ signals }) =>
      signals.some((one) => one.name === "api-health" && one.state === "no-data"),
    );
    await untilSampled(watcher, "api-health", 6);

    const status = await statusOf(watcher);
    const health = status.signals.find((one) => one.name === "api-health");
    expect(health?.reason).toContain("a person stopped radiation-monitoring");
    expect([status.openIncident, status.lastIncidents, status.rollback]).toEqual([null, [], null]);
    expect(await watcher.pid()).toBe(pid);
    const services = await system.pm2.list();
    expect(services.map((one) => one.pid)).toEqual([0, 0, 0, 0, 0]);
  });

  it("goes on as before when the services are started again", async () => {
    const { system, watcher } = running;

    await system.pm2.command(["start", "all"], system.root);

    // Nobody but rollwatch asks the application here, so those that count its requests have too few.
    const counting = new Set(["request-times", "request-errors"]);
    const status = await untilStatus(watcher, "everything ok again", ({ signals }) =>
      signals.every(
        ({ name, state, badWindows }) =>
          state === "ok" || (counting.has(name) && state === "too-few-samples" && badWindows === 0),
      ),
    );
    expect([status.openIncident, status.lastIncidents]).toEqual([null, []]);
  });

  it("ends without leaving a process, a port or a folder", async () => {
    expect(await running.lab.end()).toEqual([]);
  });
});
