import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { expireDumps } from "../../src/app/database-snapshots.ts";
import { keepDumped } from "../../src/app/dump-schedule.ts";
import { captureNow, pruneReleases } from "../../src/app/release-actions.ts";
import { DatabaseRollbackSettings, DumpSettings } from "../../src/release/settings.ts";
import type { World } from "../../src/app/world.ts";
import { anIncident } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const MINUTE_MS = 60_000;

type Dumping = NonNullable<World["dumping"]>;

async function never(): Promise<never> {
  throw new Error("there is no such program");
}

/** A server without pg_dump that nobody else uses: snapshots are clones. */
function cloning(said: string[], over: Partial<Dumping["source"]> = {}): Dumping {
  return {
    programs: {
      find: async () => undefined,
      dump: never,
      dumpSchema: never,
      decode: never,
    },
    source: {
      environment: {},
      facts: async () => ({
        database: "app",
        systemIdentifier: "1",
        serverVersion: "15.18",
        serverMajor: 15,
        bytes: 1000,
        sessions: [],
      }),
      withSnapshot: async (use, signal) =>
        use(
          {
            name: "1",
            xids: "10:10:",
            sequences: [],
            invalidIndexes: [],
            rows: { "public.readings": 3 },
          },
          signal,
        ),
      clone: async (name) => {
        said.push(`clone ${name}`);
      },
      dropClone: async (name) => {
        said.push(`drop ${name}`);
      },
      ...over,
    },
  };
}

function dumping({ daemon }: Parts, source: Dumping, settings: unknown = {}): Daemon {
  const { config, world } = daemon;
  const dump = DumpSettings.parse(settings);
  const database = {
    url: "postgresql://127.0.0.1/app",
    migrations: { table: "m", column: "n" },
    dump,
    rollback: DatabaseRollbackSettings.parse({}),
  };
  return { ...daemon, config: { ...config, database }, world: { ...world, dumping: source } };
}

function openIncidentIn({ journal }: Daemon): void {
  const { id: incident, trigger, tier, mode, since, signals } = anIncident();
  const opened = { incident, trigger, tier, mode, since, signals: [...signals] };
  journal.record({ kind: "incident-opened", ...opened });
}

/** Lets the loop run for a time, and ends it. */
async function passes({ world }: Parts, daemon: Daemon, ms: number): Promise<void> {
  const stopping = new AbortController();
  const loop = keepDumped(daemon, stopping.signal).catch(() => undefined);
  for (let passed = 0; passed < ms; passed += 5000) {
    await world.clock.advance(5000);
    await world.clock.settle();
  }
  stopping.abort();
  await loop;
}

describe("snapshots of the database", () => {
  it("are made of what is deployed once it is captured, one for each release", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const daemon = dumping(parts, cloning(said));
      await daemon.surroundings.lookAtAll(LIVE);
      await passes(parts, daemon, 10_000);
      const before = said.length;
      const id = await captureNow(parts.daemon, LIVE);

      await passes(parts, daemon, 30_000);

      expect(before).toBe(0);
      expect(said.filter((one) => one.startsWith("clone"))).toEqual([`clone rollwatch_${id}`]);
      expect(await daemon.catalogue.readDatabase(id)).toMatchObject({
        kind: "clone",
        rows: { "public.readings": 3 },
      });
    });
  });

  it("are given up when an incident begins, and made when it is over", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const source = cloning(said, {
        clone: async (name, signal) => {
          said.push(`clone ${name}`);
          if (said.filter((one) => one.startsWith("clone")).length === 1) {
            await new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => reject(new Error("cut off")));
            });
          }
        },
      });
      const daemon = dumping(parts, source);
      await daemon.surroundings.lookAtAll(LIVE);
      const id = await captureNow(parts.daemon, LIVE);
      const stopping = new AbortController();
      const loop = keepDumped(daemon, stopping.signal).catch(() => undefined);
      async function records(): Promise<unknown> {
        await parts.world.clock.advance(30_000);
        return daemon.catalogue.readDatabase(id);
      }
      await records();

      openIncidentIn(daemon);
      const during = await records();
      const { id: incident = "" } = daemon.journal.history().incidents[0] ?? {};
      daemon.journal.record({ kind: "closed", incident, outcome: "held", reason: "it is over" });
      const after = await records();
      stopping.abort();
      await loop;

      expect(during).toBeUndefined();
      expect(after).toMatchObject({ kind: "clone" });
    });
  });

  it("are not begun while a synthetic reading lies in the database, and keep others out", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const posted: unknown[] = [];
      const daemon = dumping(
        parts,
        cloning(said, {
          clone: async (name) => {
            said.push(`clone ${name}`);
            posted.push(await parts.daemon.apart.post(async () => "a reading"));
          },
        }),
      );
      await daemon.surroundings.lookAtAll(LIVE);
      const cleanUp = new AbortController();
      const posting = daemon.apart.post(
        async () =>
          new Promise<void>((resolve) => {
            cleanUp.signal.addEventListener("abort", () => resolve());
          }),
      );
      const capturing = captureNow(daemon, LIVE);
      await parts.world.clock.settle();
      const before = [...said];

      cleanUp.abort();
      await posting;
      await capturing;

      expect(before).toEqual([]);
      expect(said.filter((one) => one.startsWith("clone"))).toHaveLength(1);
      expect(posted).toEqual([undefined]);
    });
  });

  it("are part of a capture by hand", async () => {
    await withDaemon(async (parts) => {
      const daemon = dumping(parts, cloning([]));

      const id = await captureNow(daemon, LIVE);

      expect(await daemon.catalogue.readDatabase(id)).toMatchObject({ kind: "clone" });
    });
  });

  it("that fail leave the release ready, say why, and are tried again after a quarter of an hour", async () => {
    await withDaemon(async (parts) => {
      let tries = 0;
      const source = cloning([], {
        facts: async () => {
          tries += 1;
          throw new Error("the server is full");
        },
      });
      const daemon = dumping(parts, source);
      const id = await captureNow(daemon, LIVE);

      await passes(parts, daemon, 14 * MINUTE_MS);
      const early = tries;
      await passes(parts, daemon, 2 * MINUTE_MS);

      expect([early, tries]).toEqual([1, 2]);
      expect(daemon.readinesses.get(id)).toMatchObject({
        kind: "ready",
        databaseProblems: ["database: there is no snapshot: the server is full"],
      });
    });
  });

  it("are not made while an incident is open", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const daemon = dumping(parts, cloning(said));
      await captureNow(parts.daemon, LIVE);
      const { id, trigger, tier, mode, since } = anIncident();
      const opened = { incident: id, trigger, tier, mode, since, signals: ["health"] };
      parts.record({ kind: "incident-opened", ...opened });

      await passes(parts, daemon, MINUTE_MS);

      expect(said).toEqual([]);
    });
  });

  it("are not made of another schema than the release's", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const daemon = dumping(parts, cloning(said));
      parts.world.database.setRevision("002 (2)");
      const id = await captureNow(parts.daemon, LIVE);
      parts.world.database.setRevision("003 (3)");
      await daemon.surroundings.lookAtAll(LIVE);

      await passes(parts, daemon, MINUTE_MS);

      expect(said).toEqual([]);
      expect(await daemon.catalogue.readDatabase(id)).toBeUndefined();
    });
  });

  it("are dropped before their release is, which stays while they cannot be", async () => {
    await withDaemon(async (parts) => {
      let isDown = true;
      const said: string[] = [];
      const source = cloning(said, {
        dropClone: async (name) => {
          if (isDown && said.some((one) => one.startsWith("clone"))) {
            throw new Error("no server");
          }
          said.push(`drop ${name}`);
        },
      });
      const daemon = dumping(parts, source);
      const id = await captureNow(daemon, LIVE);
      const release = { ...daemon.config.release, keep: 0 };
      const small = { ...daemon, config: { ...daemon.config, release } };
      await parts.world.install("good-2", "works");
      await daemon.surroundings.lookAtAll(LIVE);

      const first = await pruneReleases(small);
      isDown = false;
      const second = await pruneReleases(small);

      expect([first, second]).toEqual([[], [id]]);
      expect(said.at(-1)).toBe(`drop rollwatch_${id}`);
    });
  });

  it("are made anew at each moment of the schedule, of a proven release alone", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const daemon = dumping(parts, cloning(said), { schedule: "*/10 * * * *" });
      const id = await captureNow(daemon, LIVE);
      const record = await daemon.catalogue.readDatabase(id);
      // Clones are not made anew; the record of a dump stands in for one.
      const { rows, database, serverVersion, seconds } =
        record?.kind === "clone"
          ? record
          : { rows: {}, database: "", serverVersion: "", seconds: 0 };
      const dump = { rows, database, serverVersion, seconds, at: 1, systemIdentifier: "1" };
      await daemon.catalogue.writeDatabase(id, {
        ...dump,
        kind: "dump",
        file: "database-1.dump",
        digest: "",
        bytes: 0,
        fingerprint: "",
        programVersion: "15",
        schemaFingerprint: "",
        warnings: [],
        secureCopy: null,
        copyProblem: null,
      });
      said.length = 0;

      await passes(parts, daemon, 25 * MINUTE_MS);
      const unproven = said.length;
      parts.record({ kind: "release-proven", release: id });
      await passes(parts, daemon, 11 * MINUTE_MS);

      expect(unproven).toBe(0);
      expect(said.filter((one) => one.startsWith("clone"))).toEqual([`clone rollwatch_${id}`]);
    });
  });

  it("expire after the time they are kept, but for that of the newest proven release", async () => {
    await withDaemon(async (parts) => {
      const said: string[] = [];
      const daemon = dumping(parts, cloning(said), { keep: "1h" });
      const old = await captureNow(daemon, LIVE);
      await parts.world.clock.advance(1000);
      await parts.world.install("good-2", "works");
      const kept = await captureNow(daemon, LIVE);
      await parts.world.clock.advance(61 * MINUTE_MS);

      await expireDumps(daemon, kept, LIVE);

      expect(said.at(-1)).toBe(`drop rollwatch_${old}`);
      expect(await daemon.catalogue.readDatabase(old)).toMatchObject({ kind: "none" });
      expect(await daemon.catalogue.readDatabase(kept)).toMatchObject({ kind: "clone" });
    });
  });
});
