import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { captureNow } from "../../src/app/release-actions.ts";
import { keepDatabaseWarm } from "../../src/app/warm-databases.ts";
import type { NoticeDraft } from "../../src/notify/notices-draft.ts";
import { DatabaseRollbackSettings } from "../../src/release/settings.ts";
import { noteDatabase } from "../../src/release/unfinished-databases.ts";
import { anEnding, anIncident, anOpening, aPlan } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { aServer, type Warming } from "../support/warm-server.ts";

const LIVE = new AbortController().signal;
const MINUTE_MS = 60_000;

function warming(
  { daemon }: Parts,
  server: Warming,
  settings: unknown = { warm: "clone" },
): Daemon {
  const { config, world } = daemon;
  const database = {
    url: "postgresql://127.0.0.1/app",
    migrations: { table: "m", column: "n" },
    rollback: DatabaseRollbackSettings.parse(settings),
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

/** Lets the loop run for a time, and ends it. */
async function passes({ world }: Parts, daemon: Daemon, ms: number): Promise<void> {
  const stopping = new AbortController();
  const loop = keepDatabaseWarm(daemon, stopping.signal).catch(() => undefined);
  for (let passed = 0; passed < ms; passed += 5000) {
    await world.clock.advance(5000);
    await world.clock.settle();
  }
  stopping.abort();
  await loop;
}

describe("warm databases", () => {
  it("are made once for the release that is deployed and proven, and again when the server lost them", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const daemon = warming(parts, aServer(databases));
      const id = await aProvenRelease(parts);

      await passes(parts, daemon, 5 * MINUTE_MS);
      const first = [...databases.keys()];
      databases.clear();
      await passes(parts, daemon, 2 * MINUTE_MS);

      expect(first).toHaveLength(1);
      expect([...databases.keys()]).toHaveLength(1);
      expect(await daemon.catalogue.readWarm(id)).toMatchObject({ name: [...databases.keys()][0] });
    });
  });

  it("are not begun while an incident is open", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const daemon = warming(parts, aServer(databases));
      await aProvenRelease(parts);
      const { id: incident, trigger, tier, mode, since, signals } = anIncident();
      const opened = { incident, trigger, tier, mode, since, signals: [...signals] };
      daemon.journal.record({ kind: "incident-opened", ...opened });

      await passes(parts, daemon, 5 * MINUTE_MS);

      expect(databases.size).toBe(0);
    });
  });

  it("that cannot be made are told once a day, with what keeps them", async () => {
    await withDaemon(async (parts) => {
      const told: NoticeDraft[] = [];
      const daemon = {
        ...warming(parts, aServer(new Map(), { refusals })),
        tell: (draft: NoticeDraft) => {
          told.push(draft);
        },
      };
      await aProvenRelease(parts);

      await passes(parts, daemon, 10 * MINUTE_MS);

      expect(told.length).toBeGreaterThan(1);
      expect(new Set(told.map(({ dedupKey }) => dedupKey)).size).toBe(1);
      expect(told[0]?.text).toContain("role app may create no database");
    });
  });

  it("go when they are not wanted any more", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const server = aServer(databases);
      await aProvenRelease(parts);
      await passes(parts, warming(parts, server), MINUTE_MS);
      const before = databases.size;

      await passes(parts, warming(parts, server, {}), MINUTE_MS);

      expect([before, databases.size]).toEqual([1, 0]);
    });
  });

  it("stay through a start in an incident, wanted or not: a plan that waits for people may name one", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map<string, number>();
      const server = aServer(databases);
      await aProvenRelease(parts);
      await passes(parts, warming(parts, server), MINUTE_MS);
      const { id: incident, trigger, tier, mode, since, signals } = anIncident();
      const opened = { incident, trigger, tier, mode, since, signals: [...signals] };
      parts.daemon.journal.record({ kind: "incident-opened", ...opened });

      await passes(parts, warming(parts, server, {}), MINUTE_MS);

      expect(databases.size).toBe(1);
    });
  });

  it("that were half made are left alone while a recovery goes on that may be making one", async () => {
    await withDaemon(async (parts) => {
      const databases = new Map([["rollwatch_snap_1", 7]]);
      const daemon = warming(parts, aServer(databases), {});
      const { files } = daemon.world;
      await noteDatabase(files, daemon.config.state, { name: "rollwatch_snap_1", oid: 7 });
      const plan = aPlan();
      parts.record(anOpening(), { kind: "planned", plan });

      await passes(parts, daemon, MINUTE_MS);
      const during = [...databases.keys()];
      parts.record(...anEnding(plan.id, "completed"));
      await passes(parts, daemon, MINUTE_MS);

      expect(during).toEqual(["rollwatch_snap_1"]);
      expect([...databases.keys()]).toEqual([]);
    });
  });
});
