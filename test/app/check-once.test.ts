import { describe, expect, it } from "vitest";
import { checkOnce } from "../../src/app/check-once.ts";
import type { CheckRound } from "../../src/model/operations.ts";
import { ApplicationSettings } from "../../src/model/application.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;

async function check({ daemon }: Parts, services?: readonly string[]): Promise<CheckRound> {
  const { config, world, surroundings, journal } = daemon;
  const names = services?.map((name) => ({ name }));
  const application =
    names === undefined
      ? config.application
      : ApplicationSettings.parse({ ...ROOTED, root: config.application.root, services: names });
  return checkOnce({ config: { ...config, application }, world, surroundings, journal }, LIVE);
}

const ROOTED = { name: "story", pm2Home: "/nowhere", artifacts: ["server"] };

describe("one round of every probe", () => {
  it("of a healthy application is good throughout, and writes nothing", async () => {
    await withDaemon(async (parts) => {
      const { signals, verdict } = await check(parts);

      expect(signals).toMatchObject([
        { name: "health", state: "ok", bad: false },
        { name: "services", state: "ok", bad: false },
      ]);
      expect(verdict.kind).toBe("healthy");
      expect(parts.written()).toEqual([]);
    });
  });

  it("shows what is bad without proving a breach by it", async () => {
    await withDaemon(async (parts) => {
      await parts.world.install("bad-2", "answers 500");

      const { signals, verdict } = await check(parts);

      expect(signals[0]).toMatchObject({ bad: true, badWindows: 1 });
      expect(verdict.kind).toBe("suspect");
    });
  });

  it("names a service that pm2 does not know", async () => {
    await withDaemon(async (parts) => {
      const { signals } = await check(parts, ["api", "typo"]);

      expect(signals[1]).toMatchObject({
        bad: true,
        reason: expect.stringContaining("typo is not known to pm2"),
      });
    });
  });

  it("is over although a probe breaks, and says what that one could not tell", async () => {
    await withDaemon(async (parts) => {
      const broken = {
        ...parts.daemon.world.pm2,
        services: async () => Promise.reject(new Error("no words")),
      };

      const { signals } = await check({
        ...parts,
        daemon: { ...parts.daemon, world: { ...parts.daemon.world, pm2: broken } },
      });

      expect(signals).toMatchObject([
        { name: "health", state: "ok" },
        { name: "services", state: "probe-error", reason: expect.stringContaining("no words") },
      ]);
    });
  });

  it("takes what a person stopped for no fault", async () => {
    await withDaemon(async (parts) => {
      parts.world.stop("api", "importer", "cleaner");

      const { signals, verdict } = await check(parts);

      expect(signals.map((one) => one.bad)).toEqual([false, false]);
      expect(verdict.kind).toBe("healthy");
    });
  });
});
