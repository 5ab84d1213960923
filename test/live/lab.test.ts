import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { ROOT } from "../../lab/environment.ts";
import { beginFault } from "../../lab/faults.ts";
import { untilServing } from "../../lab/health.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { startLoad } from "../../lab/load.ts";
import { processesOf } from "../../lab/processes.ts";
import { type RadiationSystem, startRadiationSystem } from "../../lab/radiation-system.ts";
import { type ExampleRelease, listReleases } from "../../lab/releases.ts";
import { type Trigger, TRIGGER_ROWS } from "../../src/model/trigger.ts";

interface Running {
  readonly lab: Lab;
  readonly cluster: Cluster;
  readonly system: RadiationSystem;
}

const open: Lab[] = [];

async function start(): Promise<Running> {
  const lab = await openLab();
  open.push(lab);
  const cluster = await startCluster(lab);
  return { lab, cluster, system: await startRadiationSystem(lab, cluster) };
}

/** A process that opens a lab with a database and then hangs. */
async function openElsewhere(): Promise<{ readonly child: ChildProcess; readonly folder: string }> {
  const script = `
    import { openLab } from "./lab/lab.ts";
    import { startCluster } from "./lab/cluster.ts";
    const lab = await openLab();
    await startCluster(lab);
    process.stdout.write(lab.folder + "\\n");
    setInterval(() => undefined, 1000);`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, TSX_DISABLE_CACHE: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await once(child.stdout, "data");
  return { child, folder: String(output).trim() };
}

/** Those after which the health page is not answered 200. */
const TAKEN_DOWN: ReadonlySet<Trigger | null> = new Set(["system-down", "database-connection"]);

/** What is served once a release had time to start; one that takes the system down does so at once and for good. */
async function servedAfterwards(
  system: RadiationSystem,
  release: ExampleRelease,
): Promise<string | undefined> {
  if (!TAKEN_DOWN.has(release.trigger)) {
    await untilServing(system.api, `v${release.version}`, AbortSignal.timeout(20_000));
  } else {
    await sleep(3000);
  }
  return system.served();
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (lab) => lab.end()));
});

/** The demos deploy all of them; here those of every kind of change, without the many that change one file alike. */
const releases = (await listReleases()).filter(
  ({ change, fault, trigger }) =>
    change !== "none" &&
    fault === undefined &&
    (trigger === null || TRIGGER_ROWS[trigger].tier !== "planned"),
);

describe("the lab", () => {
  it.for(releases)(
    "deploys $id onto a running system, and leaves nothing behind",
    async (release) => {
      const { lab, system } = await start();
      const before = await system.served();
      const begun = Date.now();

      const deployment = await system.deploy(release.id);

      expect(before).toBe("v1.4.0");
      expect(deployment.commit).toMatch(/^[0-9a-f]{40}$/u);
      expect(deployment.firstProcessAt).toBeGreaterThan(begun);
      expect(deployment.firstProcessAt).toBeLessThanOrEqual(Date.now());
      expect(await servedAfterwards(system, release)).toBe(
        TAKEN_DOWN.has(release.trigger) ? undefined : deployment.release,
      );
      expect(await lab.end()).toEqual([]);
      await expect(stat(lab.folder)).rejects.toThrow("ENOENT");
    },
  );

  it("leaves nothing behind when it ends while a process stands still", async () => {
    const { lab, cluster, system } = await start();

    await beginFault("freeze-api", { cluster, system });
    const frozen = await system.served();
    const left = await lab.end();

    expect(frozen).toBeUndefined();
    expect(left).toEqual([]);
  });

  it("takes a fault from outside back when it is over", async () => {
    const { cluster, system } = await start();
    const alerts = `${system.api}/api/radiation/alerts`;

    const fault = await beginFault("revoke-alerts", { cluster, system });
    const during = await fetch(alerts);
    await fault.end();

    expect(during.status).toBe(500);
    expect((await fetch(alerts)).status).toBe(200);
  });

  it.for(["stop-database", "stop-upstream"] as const)(
    "brings back what %s took away, at the same address",
    async (kind) => {
      const { cluster, system } = await start();
      const page = `${system.api}/api/radiation/${kind === "stop-upstream" ? "calibrations" : "devices"}`;

      const fault = await beginFault(kind, { cluster, system });
      const during = await fetch(page);
      await fault.end();
      const end = performance.now() + 15_000;
      while (!(await fetch(page)).ok && performance.now() < end) {
        await sleep(100);
      }

      expect(during.status).toBe(kind === "stop-upstream" ? 502 : 500);
      expect((await fetch(page)).status).toBe(200);
    },
  );

  it("counts the requests that fail while the system is away", async () => {
    const { system } = await start();
    const load = startLoad(system.api);
    await sleep(500);
    const before = load.result();

    await system.pm2.command(["stop", "radiation-monitoring"], system.root);
    await sleep(1000);
    const after = await load.stop();

    expect(before.failed).toBe(0);
    expect(before.sent).toBeGreaterThanOrEqual(8);
    expect(after.failed).toBeGreaterThanOrEqual(15);
    expect(after.outageSeconds).toBeGreaterThanOrEqual(0.7);
  });

  it("has its guardian clean up when the process that opened it is killed", async () => {
    const { child, folder } = await openElsewhere();
    const running = await processesOf(folder);

    child.kill("SIGKILL");
    const begun = performance.now();
    while ((await stat(folder).catch(() => undefined)) !== undefined) {
      expect(performance.now() - begun).toBeLessThan(20_000);
      await sleep(100);
    }

    expect(running.length).toBeGreaterThan(1);
    expect(await processesOf(folder)).toEqual([]);
  });
});
