import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { endLeftBehind, letGo } from "../../src/app/left-behind.ts";
import { finishRecovery } from "../../src/app/recovery.ts";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import { anIncident, aPlan } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { type FakeProcesses, fakeProcesses } from "../support/fakes/processes.ts";

const LIVE = new AbortController().signal;
const HANGS = "pg_restore (process group 71)";

/** The same daemon with a child that survives KILL. */
function withStuck({ daemon }: Parts): Daemon & { readonly processes: FakeProcesses } {
  const processes = fakeProcesses();
  processes.setStuck([HANGS]);
  return { ...daemon, world: { ...daemon.world, processes }, processes };
}

/** Nobody has that release. */
const STAGE = {
  id: "stage:server",
  kind: "stage",
  phase: "prepare",
  text: "stage server",
  deadlineMs: 10_000,
  release: "rel-none",
  path: "server",
  digest: "0".repeat(64),
  kept: [],
} as const;

function planned({ record }: Parts): string {
  const { id: incident, trigger, tier, mode, since, signals } = anIncident();
  record({ kind: "incident-opened", incident, trigger, tier, mode, since, signals: [...signals] });
  record({ kind: "planned", plan: aPlan({ steps: [STAGE] }) });
  return aPlan().id;
}

describe("a child that cannot be ended", () => {
  it("hands the recovery over to people before anything is done beside it", async () => {
    await withDaemon(async (parts) => {
      const plan = planned(parts);
      const daemon = withStuck(parts);

      await finishRecovery(daemon, openChangeWatch(daemon), plan, LIVE);

      const [recovery] = daemon.journal.history().recoveries;
      expect(recovery?.ended).toMatchObject({
        result: "needs-human",
        reason: expect.stringContaining(HANGS),
      });
      expect(parts.written()).not.toContain("recovery-started");
    });
  });

  it("makes a recovery that could not be prepared one for people: it may still change something", async () => {
    await withDaemon(async (parts) => {
      const plan = planned(parts);
      const daemon = withStuck(parts);
      let asked = 0;
      async function stuck(): Promise<readonly string[]> {
        asked += 1;
        return asked === 1 ? [] : [HANGS];
      }
      const processes = { ...daemon.processes, stuck };
      const world = { ...daemon.world, processes };

      await finishRecovery({ ...daemon, world }, openChangeWatch(daemon), plan, LIVE);

      const [recovery] = daemon.journal.history().recoveries;
      expect(parts.written()).toContain("step-started");
      expect(recovery?.ended?.result).toBe("needs-human");
    });
  });

  it("keeps the recovery's lock until it is gone at last", async () => {
    await withDaemon(async (parts) => {
      const daemon = withStuck(parts);
      let released = 0;
      const lock = { release: () => (released += 1) };

      await letGo(daemon, lock, LIVE);
      await parts.world.clock.advance(60_000);
      const while60s = released;
      daemon.processes.setStuck([]);
      await parts.world.clock.advance(5000);

      expect(while60s).toBe(0);
      expect(released).toBe(1);
    });
  });

  it("is told when it was left behind by an earlier rollwatch", async () => {
    await withDaemon(async (parts) => {
      const { world } = withStuck(parts);
      const errors: unknown[] = [];
      const log = { warn: () => undefined, error: (about: unknown) => errors.push(about) };

      await endLeftBehind(world, log);

      expect(errors).toEqual([{ stuck: [HANGS] }]);
    });
  });
});

describe("the recovery's lock", () => {
  it("is let go at once where nothing hangs", async () => {
    await withDaemon(async ({ daemon }) => {
      let released = 0;

      await letGo(daemon, { release: () => (released += 1) }, LIVE);

      expect(released).toBe(1);
    });
  });
});
