import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deployUnderLock } from "../../src/app/deploy-lock.ts";
import { deploymentUnderWay, isFree, recoveryLockPath, tryLock } from "../../src/app/locks.ts";
import { journalPath } from "../../src/app/read-history.ts";
import type { Config } from "../../src/config/schema.ts";
import { openStore } from "../../src/journal/store.ts";
import { holdLock } from "../../src/system/lock.ts";
import { aPlan } from "../support/builders.ts";
import { sourceUrl, withChild } from "../support/child.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { storyConfig } from "../support/story-config.ts";
import { withTempFolder } from "../support/temp.ts";

const { signal } = new AbortController();

async function withConfig(body: (config: Config, folder: string) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const config = storyConfig(folder, {});
    await mkdir(config.state, { recursive: true, mode: 0o700 });
    await body(config, folder);
  });
}

/** A deployment by a Node program of one line. */
function node(script: string): Parameters<typeof deployUnderLock>[1] {
  return { by: "ada", command: [process.execPath, "-e", script] };
}

function plans(config: Config): void {
  const store = openStore(journalPath(config), createManualClock());
  store.append({ kind: "planned", plan: aPlan({ id: "plan-7" }) });
  store.close();
}

describe("a deployment that asks", () => {
  it("ends as its command does, and lets the lock go", async () => {
    await withConfig(async (config) => {
      const code = await deployUnderLock(config, node("process.exit(7)"), signal);

      expect(code).toBe(7);
      expect(isFree(recoveryLockPath(config))).toBe(true);
    });
  });

  it("has the lock of recoveries while its command runs, and is named to who is refused", async () => {
    await withConfig(async (config, folder) => {
      const running = join(folder, "running");
      const end = join(folder, "end");
      const script = `fs.writeFileSync(${JSON.stringify(running)}, "");
        setInterval(() => fs.existsSync(${JSON.stringify(end)}) && process.exit(0), 20)`;

      const deployment = deployUnderLock(config, node(script), signal);
      await until(running);
      const attempt = tryLock(recoveryLockPath(config));
      const holder = deploymentUnderWay(config);
      await mkdir(end);

      expect(await deployment).toBe(0);
      expect(attempt).toMatchObject({
        kind: "refused",
        reason: expect.stringContaining("somebody else is at work (deployment by ada, pid"),
      });
      expect(holder).toContain("deployment by ada");
      expect(deploymentUnderWay(config)).toBeUndefined();
    });
  });

  it("is refused while a rollback has the lock, and its command never runs", async () => {
    await withConfig(async (config, folder) => {
      const lock = holdLock(recoveryLockPath(config));
      const ran = join(folder, "ran");

      const deployment = deployUnderLock(
        config,
        node(`fs.writeFileSync(${JSON.stringify(ran)}, "")`),
        signal,
      );

      await expect(deployment).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("rollwatch, pid"),
      });
      lock.release();
      await expect(readFile(ran)).rejects.toThrow("ENOENT");
    });
  });

  it("is refused while a rollback stands still in its middle, and leaves the lock to it", async () => {
    await withConfig(async (config) => {
      plans(config);

      await expect(deployUnderLock(config, node(""), signal)).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("plan-7"),
      });
      expect(isFree(recoveryLockPath(config))).toBe(true);
    });
  });

  it("tells that its command cannot be run", async () => {
    await withConfig(async (config) => {
      const deployment = { by: "ada", command: ["/no/such/program"] } as const;

      await expect(deployUnderLock(config, deployment, signal)).rejects.toMatchObject({
        code: "program-missing",
      });
      expect(isFree(recoveryLockPath(config))).toBe(true);
    });
  });

  it("asks its command to end when it is told to, and ends as a shell does", async () => {
    await withConfig(async (config, folder) => {
      const running = join(folder, "running");
      const script = `fs.writeFileSync(${JSON.stringify(running)}, ""); setInterval(() => {}, 1000)`;
      const stopping = new AbortController();

      const deployment = deployUnderLock(config, node(script), stopping.signal);
      await until(running);
      stopping.abort();

      expect(await deployment).toBe(128 + 15);
    });
  });

  it("that is killed leaves no lock behind: the kernel frees it", async () => {
    await withConfig(async (config) => {
      const source = `
        import { deployUnderLock } from ${JSON.stringify(sourceUrl("app/deploy-lock.ts"))};
        const command = [process.execPath, "-e", "console.log(process.ppid); process.stdin.resume()"];
        const config = ${JSON.stringify(config)};
        await deployUnderLock(config, { by: "ada", command }, new AbortController().signal);
      `;
      await withChild(source, async (child) => {
        await child.line();
        const during = isFree(recoveryLockPath(config));
        await child.kill();

        expect([during, isFree(recoveryLockPath(config))]).toEqual([false, true]);
      });
    });
  });
});

/** Waits for a file that another process makes. */
async function until(path: string): Promise<void> {
  for (;;) {
    try {
      await readFile(path);
      return;
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
  }
}
