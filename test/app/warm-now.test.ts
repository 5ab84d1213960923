import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { tryLock } from "../../src/app/locks.ts";
import { captureNow } from "../../src/app/release-actions.ts";
import { warmNow } from "../../src/app/warm-now.ts";
import { Failure } from "../../src/model/failure.ts";
import { DatabaseRollbackSettings } from "../../src/release/settings.ts";
import { anIncident } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { aServer, type Warming } from "../support/warm-server.ts";

const LIVE = new AbortController().signal;

function warming({ daemon }: Parts, server: Warming, warm: "clone" | "off" = "clone"): Daemon {
  const { config, world } = daemon;
  const database = {
    url: "postgresql://127.0.0.1/app",
    migrations: { table: "m", column: "n" },
    rollback: DatabaseRollbackSettings.parse({ warm }),
  };
  return { ...daemon, config: { ...config, database }, world: { ...world, warming: server } };
}

async function captured({ daemon }: Parts, isProven = true): Promise<string> {
  await daemon.surroundings.lookAtAll(LIVE);
  const id = await captureNow(daemon, LIVE);
  if (isProven) {
    daemon.journal.record({ kind: "release-proven", release: id });
  }
  return id;
}

async function inUse(): Promise<readonly string[]> {
  return ["the database cannot be cloned while others use it: app psql"];
}

describe("a warm database that a deployment asks for", () => {
  it("is there when the answer comes, and the one before it is gone", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const daemon = warming(parts, aServer(databases));
      const id = await captured(parts);
      await warmNow(daemon, id, LIVE);
      await parts.world.clock.advance(1000);

      const warm = await warmNow(daemon, id, LIVE);

      expect([...databases.keys()]).toHaveLength(1);
      expect(warm).toMatchObject({ kind: "ready", how: "clone", name: [...databases.keys()][0] });
    });
  });

  it("is refused with who is connected", async () => {
    await withDaemon(async (parts) => {
      const daemon = warming(parts, aServer(new Map(), { refusals: inUse }));
      const id = await captured(parts);

      await expect(warmNow(daemon, id, LIVE)).rejects.toThrow("others use it: app psql");
    });
  });

  it.each([
    ["no warm database is configured", true, "off", "no warm database is configured"],
    // The proven one's would go for it.
    ["the release is not proven", false, "clone", "is not both deployed and proven"],
  ] as const)("is refused where %s", async (_what, isProven, warm, reason) => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const daemon = warming(parts, aServer(databases), warm);
      const id = await captured(parts, isProven);

      const refused = warmNow(daemon, id, LIVE);

      await expect(refused).rejects.toThrow(Failure);
      await expect(refused).rejects.toThrow(reason);
      expect(databases.size).toBe(0);
    });
  });

  it("is refused for a release that nobody knows, and while an incident is open", async () => {
    await withDaemon(async (parts) => {
      const daemon = warming(parts, aServer(new Map()));
      const id = await captured(parts);
      const { id: incident, trigger, tier, mode, since, signals } = anIncident();

      await expect(warmNow(daemon, "rel-none", LIVE)).rejects.toThrow("rel-none");
      const opened = { incident, trigger, tier, mode, since, signals: [...signals] };
      daemon.journal.record({ kind: "incident-opened", ...opened });
      await expect(warmNow(daemon, id, LIVE)).rejects.toThrow(
        "while an incident or a recovery is open",
      );
    });
  });

  it("waits for a snapshot that is made right now", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const daemon = warming(parts, aServer(databases));
      const id = await captured(parts);
      const other = tryLock(`${daemon.config.state}/dump.lock`);

      const asked = warmNow(daemon, id, LIVE);
      await parts.world.clock.advance(5000);
      const sizeMeanwhile = databases.size;
      if (other.kind !== "refused") {
        other.lock.release();
      }
      await parts.world.clock.advance(5000);

      expect(await asked).toMatchObject({ kind: "ready" });
      expect(sizeMeanwhile).toBe(0);
    });
  });
});
