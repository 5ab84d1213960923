import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { feedMetrics } from "../../src/app/feed-metrics.ts";
import type { Metrics } from "../../src/metrics/registry.ts";
import type { DatabaseRecord } from "../../src/model/database-record.ts";
import type { Fact } from "../../src/model/facts.ts";
import { DatabaseRollbackSettings } from "../../src/release/settings.ts";
import { aWarmDatabase } from "../support/builders.ts";
import { type Parts, withDaemon } from "../support/daemon.ts";
import { HEALTH } from "../support/story-world.ts";

const HOST = { version: "test", pid: 1, nodeVersion: "v20", announceReady: () => undefined };
const MINUTE = 60_000;

/** The value of a series as a scrape has it; undefined when it is not there. */
async function scraped(metrics: Metrics, series: string): Promise<number | undefined> {
  const lines = (await metrics.render()).split("\n");
  const found = lines
    .map((line) => line.replace(/,?application="story"/u, "").replace("{}", ""))
    .find((line) => line.startsWith(`rollwatch_${series} `));
  return found === undefined ? undefined : Number(found.split(" ").at(-1));
}

/** What the journal says of a captured release, proven or not. */
function aRelease(release: string, isProven: boolean): readonly Fact[] {
  const identity = { commit: release };
  const captured = { kind: "release-captured", release, identity, tag: null } as const;
  return isProven ? [captured, { kind: "release-proven", release }] : [captured];
}

function aClone(at: number): DatabaseRecord {
  const source = { seconds: 1, database: "app", systemIdentifier: null, serverVersion: "15" };
  return { kind: "clone", at, name: "app_clone", rows: {}, ...source };
}

/** A dump that was restored for a proof in 17 s. */
function aDump(): DatabaseRecord {
  const source = { seconds: 1, database: "app", systemIdentifier: null, serverVersion: "15" };
  const file = { file: "d", digest: "d", bytes: 1, fingerprint: "f", programVersion: "15" };
  const copy = { schemaFingerprint: "s", warnings: [], secureCopy: null, copyProblem: null };
  return {
    kind: "dump",
    at: 1,
    rows: {},
    ...source,
    ...file,
    ...copy,
    provenAt: 2,
    restoreSeconds: 17,
  };
}

async function keepSnapshot(
  { daemon }: Parts,
  release: string,
  record: DatabaseRecord,
): Promise<void> {
  await mkdir(daemon.catalogue.folderOf(release), { recursive: true });
  await daemon.catalogue.writeDatabase(release, record);
}

describe("a scrape", () => {
  it("shows what is so at that moment, though no turn of the loop came", async () => {
    await withDaemon(async ({ daemon, world, sample, record }) => {
      const metrics = feedMetrics(daemon, HOST);
      sample(0);
      const before = await scraped(metrics, "application_up");
      for (let round = 0; round < 3; round += 1) {
        await world.clock.advance(2000);
        sample(1);
      }
      record({ kind: "paused", by: "Ada", reason: "", until: world.clock.now() + MINUTE });

      expect(before).toBe(1);
      expect(await scraped(metrics, "application_up")).toBe(0);
      expect(await scraped(metrics, 'breach_active{trigger="system-down",tier="immediate"}')).toBe(
        1,
      );
      expect(await scraped(metrics, "paused")).toBe(1);
      await world.clock.advance(MINUTE);
      expect(await scraped(metrics, "paused")).toBe(0);
    });
  });

  it("has what the journal said before the start, and what it says from then on", async () => {
    await withDaemon(async ({ daemon, record }) => {
      record(...aRelease("rel-1", true));
      const metrics = feedMetrics(daemon, HOST);
      record(...aRelease("rel-2", false));

      expect(await scraped(metrics, 'release_info{release="rel-1",commit="rel-1"}')).toBe(1);
      expect(await scraped(metrics, 'release_info{release="rel-2",commit="rel-2"}')).toBe(1);
    });
  });

  it("tells the age of the newest snapshot of a proven release", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world, record } = parts;
      const metrics = feedMetrics(daemon, HOST);
      const now = world.clock.now();
      record(...aRelease("rel-1", true), ...aRelease("rel-2", true), ...aRelease("rel-3", false));
      const none = await scraped(metrics, "snapshot_age_seconds");
      await keepSnapshot(parts, "rel-1", aClone(now - 20 * MINUTE));
      await keepSnapshot(parts, "rel-2", { kind: "none", at: now, reason: "no room" });
      await keepSnapshot(parts, "rel-3", aClone(now));

      expect(none).toBeUndefined();
      expect(await scraped(metrics, "snapshot_age_seconds")).toBe(20 * 60);
    });
  });

  it("tells whether a warm database waits, and how long the restore of a dump took", async () => {
    await withDaemon(async (parts) => {
      const { daemon, record } = parts;
      const database = {
        url: "postgresql://127.0.0.1/app",
        migrations: { table: "m", column: "n" },
        rollback: DatabaseRollbackSettings.parse({ warm: "online" }),
      };
      const metrics = feedMetrics({ ...daemon, config: { ...daemon.config, database } }, HOST);
      record(...aRelease("rel-1", true));
      await keepSnapshot(parts, "rel-1", aDump());
      const ready = 'rollback_ready{scope="database"}';

      expect(await scraped(metrics, ready)).toBe(0);
      expect(await scraped(metrics, 'rollback_estimated_seconds{scope="database"}')).toBe(17);
      await daemon.catalogue.writeWarm("rel-1", aWarmDatabase());
      expect(await scraped(metrics, ready)).toBe(1);
    });
  });

  it("goes on without that age when it cannot be read", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world, record } = parts;
      const metrics = feedMetrics(daemon, HOST);
      record(...aRelease("rel-1", true));
      await keepSnapshot(parts, "rel-1", aClone(world.clock.now()));
      await writeFile(join(daemon.catalogue.folderOf("rel-1"), "database.json"), "{");

      expect(await scraped(metrics, "snapshot_age_seconds")).toBeUndefined();
      expect(await scraped(metrics, "paused")).toBe(0);
    });
  });
});

describe("the probes' histogram", () => {
  it("has the timeouts of the signals as edges, and above which time they call a request slow", async () => {
    const probe = { kind: "http", url: HEALTH, measure: "latency", timeout: "1700ms" } as const;
    const slow = { name: "slow", trigger: "slow-responses", probe, limit: "720ms" } as const;
    await withDaemon(
      async ({ daemon }) => {
        const metrics = feedMetrics(daemon, HOST);

        const text = await metrics.render();

        expect(text).toMatch(/^rollwatch_probe_duration_seconds_bucket\{le="0\.72",/mu);
        expect(text).toMatch(/^rollwatch_probe_duration_seconds_bucket\{le="1\.7",/mu);
      },
      {},
      { signals: [slow] },
    );
  });
});
