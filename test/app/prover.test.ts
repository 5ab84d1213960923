import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openProver, type Prover } from "../../src/app/prover.ts";
import { judgeNow } from "../../src/app/daemon.ts";
import { aSample, withDaemon, type Parts } from "../support/daemon.ts";
import { openLog } from "../../src/system/log.ts";
import { anIncident } from "../support/builders.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;
/** Longer than the bake time of a story, which is twenty seconds. */
const LONG_MS = 30_000;

/** One second after the other, with a good sample and a look in each. */
async function bake(parts: Parts, prover: Prover, ms: number): Promise<void> {
  const { daemon, world, sample } = parts;
  for (let passed = 0; passed < ms; passed += 1000) {
    await world.clock.advance(1000);
    sample(0);
    await daemon.surroundings.lookAtAll(LIVE);
    prover.look(judgeNow(daemon), LIVE);
    await world.clock.settle();
  }
}

/** The same while one signal cannot be read. */
async function blind(
  parts: Parts,
  prover: Prover,
  ms: number,
  reason: "no-metrics" | "nothing-told" = "no-metrics",
): Promise<void> {
  const { daemon, world } = parts;
  for (let passed = 0; passed < ms; passed += 1000) {
    await world.clock.advance(1000);
    const reading = { kind: "absent", reason, detail: "no metrics" } as const;
    const at = world.clock.now();
    daemon.observatory.receive(aSample("services", at, 0));
    daemon.observatory.receive({ signal: "health", at, tookMs: 0, reading });
    prover.look(judgeNow(daemon), LIVE);
  }
}

/** What makes the bake time begin anew, in the middle of it. */
const SETBACKS: Readonly<Record<string, (parts: Parts) => Promise<void>>> = {
  "a bad sample": async ({ sample, daemon, world }) => {
    await world.clock.advance(1000);
    sample(1);
    await daemon.surroundings.lookAtAll(LIVE);
  },
  "a change of what is deployed": async ({ world, daemon }) => {
    await world.install("good-2", "works");
    await daemon.surroundings.lookAtAll(LIVE);
  },
  "a service that a person stopped": async ({ world, daemon }) => {
    world.stop("cleaner");
    await daemon.surroundings.lookAtAll(LIVE);
  },
  "a pm2 that does not answer": async ({ world, daemon }) => {
    world.pm2.setDaemon({ kind: "dead", reason: "nobody listens" });
    await daemon.surroundings.lookAtAll(LIVE);
  },
};

function mend({ world }: Parts): void {
  world.restart();
  world.pm2.setDaemon({ kind: "alive", pid: 100, startedAt: 0, version: "7.0.4" });
}

describe("the prover", () => {
  it("captures what was well through the bake time, and says that it is proven", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);

      await bake(parts, prover, 20_000);
      expect(parts.written()).toEqual([]);

      await bake(parts, prover, 2000);
      expect(parts.written()).toEqual(["release-captured", "release-proven", "notice-queued"]);
    });
  });

  it("does not take code that was moved before rollwatch looked for what an older process runs, until that is restarted", async () => {
    await withDaemon(async (parts) => {
      const { daemon, world } = parts;
      const prover = openProver(daemon);
      world.git.setMovedAt(world.clock.now() + 5000);

      await bake(parts, prover, 2 * LONG_MS);
      expect(parts.written()).toEqual([]);

      world.restart();
      await bake(parts, prover, 4 * LONG_MS);
      expect(parts.written()).toContain("release-proven");
    });
  });

  it("captures once, however long it stays well", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);

      await bake(parts, prover, 4 * LONG_MS);

      expect(parts.daemon.journal.history().releases).toHaveLength(1);
    });
  });

  it.each(Object.entries(SETBACKS))("begins anew after %s", async (_name, setback) => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);
      await bake(parts, prover, 15_000);
      await setback(parts);
      prover.look(judgeNow(parts.daemon), LIVE);
      mend(parts);

      await bake(parts, prover, 19_000);
      expect(parts.written()).toEqual([]);

      await bake(parts, prover, 5000);
      expect(parts.written()).toContain("release-proven");
    });
  });

  it("stands still while a signal has no answer for seconds, and goes on after that", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);
      await bake(parts, prover, 15_000);
      await blind(parts, prover, 15_000);
      expect(parts.written()).toEqual([]);

      await bake(parts, prover, 4000);
      expect(parts.written()).toEqual([]);

      await bake(parts, prover, 6000);
      expect(parts.written()).toContain("release-proven");
    });
  });

  it("begins anew when a signal had no answer for longer than that", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);
      await bake(parts, prover, 15_000);
      await blind(parts, prover, 35_000);

      await bake(parts, prover, 19_000);
      expect(parts.written()).toEqual([]);

      await bake(parts, prover, 5000);
      expect(parts.written()).toContain("release-proven");
    });
  });

  it("waits for the first word of a heartbeat as long as it may take, and for no longer", async () => {
    const probe = { kind: "heartbeat", period: "30s", grace: "10s" } as const;
    await withDaemon(
      async (parts) => {
        const prover = openProver(parts.daemon);
        await parts.daemon.surroundings.lookAtAll(LIVE);
        await blind(parts, prover, 50_000, "nothing-told");
        expect(parts.written()).toEqual([]);

        await blind(parts, prover, 15_000, "nothing-told");
        await parts.world.clock.settle();
        expect(parts.written()).toContain("release-proven");
      },
      {},
      {
        signals: [
          { name: "health", trigger: "monitoring-broken", probe },
          { name: "services", trigger: "system-down", probe: { kind: "pm2" } },
        ],
      },
    );
  });

  it("proves nothing while a heartbeat has no answer for another reason", async () => {
    const probe = { kind: "heartbeat", period: "30s", grace: "10s" } as const;
    await withDaemon(
      async (parts) => {
        const prover = openProver(parts.daemon);
        await parts.daemon.surroundings.lookAtAll(LIVE);

        await blind(parts, prover, 4 * LONG_MS, "no-metrics");
        await parts.world.clock.settle();

        expect(parts.written()).toEqual([]);
      },
      {},
      {
        signals: [
          { name: "health", trigger: "monitoring-broken", probe },
          { name: "services", trigger: "system-down", probe: { kind: "pm2" } },
        ],
      },
    );
  });

  it("says once which signal is blind when that lasts as long as a proof would have taken, and again after the next time", async () => {
    await withDaemon(async (parts) => {
      await withTempFolder(async (folder) => {
        const file = await open(join(folder, "log"), "a");
        const log = openLog({ level: "warn", secrets: [], fd: file.fd });
        const prover = openProver({ ...parts.daemon, log });
        async function told(): Promise<readonly unknown[]> {
          const lines = (await readFile(join(folder, "log"), "utf8")).split("\n");
          return lines.filter((line) => line !== "").map((line): unknown => JSON.parse(line));
        }

        await blind(parts, prover, 19_000);
        const early = await told();
        await blind(parts, prover, LONG_MS);
        const once = await told();
        await bake(parts, prover, LONG_MS);
        await blind(parts, prover, LONG_MS);
        const again = await told();
        await file.close();

        expect(early).toEqual([]);
        expect(once).toMatchObject([
          { signal: "health", reason: "no metrics", msg: expect.stringContaining("is blind") },
        ]);
        expect(again).toHaveLength(2);
      });
    });
  });

  it("proves nothing while an incident is open", async () => {
    await withDaemon(async (parts) => {
      const { id, trigger, tier, mode, since } = anIncident();
      const opened = { incident: id, trigger, tier, mode, since, signals: ["health"] };
      parts.record({ kind: "incident-opened", ...opened });

      await bake(parts, openProver(parts.daemon), LONG_MS);

      expect(parts.written()).toEqual(["incident-opened"]);
    });
  });

  it("tries a capture that failed again after a minute, and not before", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);
      await parts.world.write("../state/releases", "a file where the folder should be");
      await bake(parts, prover, LONG_MS);
      await parts.world.ports.files.remove(`${parts.daemon.config.state}/releases`);

      await bake(parts, prover, 45_000);
      expect(parts.written()).toEqual([]);

      await bake(parts, prover, 10_000);
      expect(parts.written()).toContain("release-proven");
    });
  });

  it("takes a capture that a kill left without its proof, instead of making another", async () => {
    await withDaemon(async (parts) => {
      const before = openProver(parts.daemon);
      await bake(parts, before, LONG_MS);
      const { releases } = parts.daemon.journal.history();
      const [captured] = releases;
      const { id = "", identity = {}, tag = null } = captured ?? {};
      // Captured again under its id: known, but without a proof.
      parts.record({ kind: "release-captured", release: id, identity, tag });

      await bake(parts, openProver(parts.daemon), LONG_MS);

      const { releases: after } = parts.daemon.journal.history();
      expect(after.map((one) => one.id)).toEqual([id]);
      expect(after[0]?.provenAt).toBeGreaterThan(captured?.provenAt ?? Infinity);
    });
  });

  it("stops a capture that is under way and leaves nothing of it", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);
      parts.world.setCopyTime(10_000);
      await bake(parts, prover, 25_000);

      await prover.stop();

      expect(parts.written()).toEqual([]);
      expect(await parts.world.ports.files.list(`${parts.daemon.config.state}/releases`)).toEqual(
        [],
      );
    });
  });

  it("gives a capture up when something breaks meanwhile", async () => {
    await withDaemon(async (parts) => {
      const prover = openProver(parts.daemon);
      parts.world.setCopyTime(10_000);
      await bake(parts, prover, 25_000);
      parts.sample(1);
      await parts.world.clock.advance(1000);
      parts.sample(1);
      prover.look(judgeNow(parts.daemon), LIVE);
      await parts.world.clock.advance(15_000);

      expect(parts.written()).toEqual([]);
    });
  });
});
