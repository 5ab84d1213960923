import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { daemonOperations } from "../../src/app/operations.ts";
import { captureNow } from "../../src/app/release-actions.ts";
import { keepDatabaseWarm } from "../../src/app/warm-databases.ts";
import { DatabaseRollbackSettings } from "../../src/release/settings.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { aServer, type Warming } from "../support/warm-server.ts";

const LIVE = new AbortController().signal;

function withDatabase({ daemon }: Parts, server: Warming, warm: "clone" | "off" = "clone"): Daemon {
  const { config, world } = daemon;
  const database = {
    url: "postgresql://127.0.0.1/app",
    migrations: { table: "m", column: "n" },
    rollback: DatabaseRollbackSettings.parse({ warm }),
  };
  return { ...daemon, config: { ...config, database }, world: { ...world, warming: server } };
}

async function refusals(): Promise<readonly string[]> {
  return ["role app may create no database"];
}

/** Captures what is deployed, as proven. */
async function aProvenRelease({ daemon }: Parts): Promise<string> {
  await daemon.surroundings.lookAtAll(LIVE);
  const id = await captureNow(daemon, LIVE);
  daemon.journal.record({ kind: "release-proven", release: id });
  return id;
}

/** Lets what keeps one warm work for a minute. */
async function aMinute({ world }: Parts, daemon: Daemon): Promise<void> {
  const stopping = new AbortController();
  const loop = keepDatabaseWarm(daemon, stopping.signal).catch(() => undefined);
  for (let turn = 0; turn < 12; turn += 1) {
    await world.clock.advance(5000);
    await world.clock.settle();
  }
  stopping.abort();
  await loop;
}

/** What `status`, `release list` and `release show` say of the newest release's warm database. */
async function toldOf(daemon: Daemon, id: string): Promise<readonly unknown[]> {
  const running = { version: "1", pid: 1, startedAt: 0, lastVerdict: () => undefined };
  const operations = daemonOperations(daemon, running);
  const status = await operations.status(LIVE);
  const [listed] = await operations.releases(LIVE);
  const shown = await operations.showRelease(id, LIVE);
  return [status.releases[0]?.warm, listed?.warm, shown.warm];
}

describe("what is told of a warm database", () => {
  it("is its name, moment, way and seconds, by all three commands", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const daemon = withDatabase(parts, aServer(databases));
      const id = await aProvenRelease(parts);
      await aMinute(parts, daemon);

      const told = await toldOf(daemon, id);

      const [name] = databases.keys();
      const record = await daemon.catalogue.readWarm(id);
      const expected = {
        kind: "ready",
        name,
        at: record?.at,
        how: "clone",
        seconds: record?.seconds,
      };
      expect(name).toContain("rollwatch_snap_");
      expect(told).toEqual([expected, expected, expected]);
    });
  });

  it("is why there is none, as it failed last", async () => {
    await withDaemon(async (parts) => {
      const daemon = withDatabase(parts, aServer(new Map(), { refusals }));
      const id = await aProvenRelease(parts);
      await aMinute(parts, daemon);

      const told = await toldOf(daemon, id);

      const none = {
        kind: "none",
        reason: expect.stringContaining("role app may create no database"),
      };
      expect(told).toEqual([none, none, none]);
    });
  });

  it.each([
    ["off", "database.rollback.warm is off"],
    // Nothing was tried yet.
    ["clone", "none was made yet"],
  ] as const)("says with `warm: %s` that %s", async (warm, reason) => {
    await withDaemon(async (parts) => {
      const daemon = withDatabase(parts, aServer(new Map()), warm);
      const id = await aProvenRelease(parts);

      expect((await toldOf(daemon, id))[0]).toEqual({ kind: "none", reason });
    });
  });

  it("is nothing of a release that is not proven, nor where no database is configured", async () => {
    await withDaemon(async (parts) => {
      await parts.daemon.surroundings.lookAtAll(LIVE);
      const id = await captureNow(parts.daemon, LIVE);
      const unproven = await toldOf(withDatabase(parts, aServer(new Map())), id);
      parts.daemon.journal.record({ kind: "release-proven", release: id });
      const { database: _none, ...config } = parts.daemon.config;

      const without = await toldOf({ ...parts.daemon, config }, id);

      expect([...unproven, ...without]).toEqual(Array(6).fill(undefined));
    });
  });
});
