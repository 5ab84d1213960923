import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openAlone, type Alone } from "../../src/app/alone.ts";
import { daemonLockPath } from "../../src/app/locks.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Person } from "../../src/model/people.ts";
import { holdLock } from "../../src/system/lock.ts";
import { openLog } from "../../src/system/log.ts";
import { storyConfig } from "../support/story-config.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;
const ADA: Person = { name: "Ada", roles: [], access: ["administer", "acknowledge"] };

/** The real world in an empty folder: a directory as application, and a pm2 that nobody started. */
async function withConfig(body: (config: Config) => Promise<void>): Promise<void> {
  await withTempFolder(async (link) => {
    const folder = await realpath(link);
    const config = storyConfig(folder, {}, { warm: false });
    const { root, pm2Home } = config.application;
    await mkdir(join(root, "server"), { recursive: true });
    await writeFile(join(root, "server", "main.js"), "works");
    await mkdir(pm2Home);
    const real = { source: "directory", pm2Program: process.execPath } as const;
    await body({ ...config, application: { ...config.application, ...real } });
  });
}

async function open(config: Config): Promise<Alone> {
  return openAlone(config, openLog({ level: "silent", secrets: [], fd: 1 }), LIVE);
}

describe("rollwatch for one command", () => {
  it("is refused while a daemon has the lock, and lets go of everything", async () => {
    await withConfig(async (config) => {
      await mkdir(config.state, { mode: 0o700 });
      const daemon = holdLock(daemonLockPath(config));

      await expect(open(config)).rejects.toMatchObject({ code: "lock-held" });

      daemon.release();
      const alone = await open(config);
      await alone.close();
    });
  });

  it("lets no daemon start while it is at work", async () => {
    await withConfig(async (config) => {
      const alone = await open(config);

      expect(() => holdLock(daemonLockPath(config))).toThrow("somebody else is at work");

      await alone.close();
      holdLock(daemonLockPath(config)).release();
    });
  });

  it("leaves a pause in the journal for whoever opens it next", async () => {
    await withConfig(async (config) => {
      const first = await open(config);
      await first.actions.pause({ reason: "so it is", forMs: null }, ADA);
      await first.close();

      const second = await open(config);
      const { paused } = await second.operations.status(LIVE);
      await second.close();

      expect(paused).toMatchObject({ by: "Ada", reason: "so it is", until: null });
    });
  });

  it("refuses a restart where pm2 does not run, and leaves no plan", async () => {
    await withConfig(async (config) => {
      const alone = await open(config);
      const request = { scope: "service", services: ["api"], reason: "so it is" } as const;

      const asking = alone.actions.rollback(
        { ...request, services: [...request.services] },
        ADA,
        LIVE,
      );

      await expect(asking).rejects.toMatchObject({ code: "refused" });
      const incidents = await alone.operations.incidents(LIVE);
      await alone.close();
      expect(incidents).toEqual([]);
    });
  });

  it("lets go of the lock where it cannot begin", async () => {
    await withConfig(async (config) => {
      const nowhere = { ...config.application, root: join(config.state, "nowhere") };

      const opening = open({ ...config, application: nowhere });

      await expect(opening).rejects.toMatchObject({ code: "path-refused" });
      const alone = await open(config);
      await alone.close();
    });
  });
});
