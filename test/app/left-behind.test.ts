import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { endLeftBehind, letGo } from "../../src/app/left-behind.ts";
import { finishRecovery } from "../../src/app/recovery.ts";
import type { Plan } from "../../src/model/plan.ts";
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

async function untilAborted(signal: AbortSignal): Promise<never> {
  await once(signal, "abort");
  throw signal.reason;
}

/** The same daemon; what was written last when sessions are ended is noted. */
function daemonThatEnds({ daemon, written }: Parts, ends: string[] = []): Daemon {
  const leftSessions = {
    end: async () => {
      ends.push(written().at(-1) ?? "nothing");
      return 1;
    },
  };
  return { ...daemon, world: { ...daemon.world, leftSessions } };
}

function planned({ record }: Parts, over: Partial<Plan> = {}): string {
  const { id: incident, trigger, tier, mode, since, signals } = anIncident();
  record({ kind: "incident-opened", incident, trigger, tier, mode, since, signals: [...signals] });
  record({ kind: "planned", plan: aPlan({ steps: [STAGE], ...over }) });
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

      await endLeftBehind(world, log, LIVE);

      expect(errors).toEqual([{ stuck: [HANGS] }]);
    });
  });
});

describe("sessions that were left at the database", () => {
  it("are ended at the start, and before a plan for the database goes on", async () => {
    await withDaemon(async (parts) => {
      const plan = planned(parts, { scope: "database" });
      const ends: readonly [string[], string[]] = [[], []];
      const [first, second] = [daemonThatEnds(parts, ends[0]), daemonThatEnds(parts, ends[1])];

      await finishRecovery(first, openChangeWatch(first), plan, LIVE);
      await endLeftBehind(second.world, second.log, LIVE);

      expect(ends).toEqual([["planned"], ["recovery-ended"]]);
    });
  });

  it("keep nobody from starting where the server does not answer", async () => {
    await withDaemon(async ({ daemon, world }) => {
      const leftSessions = { end: async (signal: AbortSignal) => untilAborted(signal) };
      const warnings: unknown[] = [];
      const log = { error: () => undefined, warn: (about: unknown) => warnings.push(about) };

      const starting = endLeftBehind({ ...daemon.world, leftSessions }, log, LIVE);
      await world.clock.advance(1500);
      await starting;

      expect(warnings).toHaveLength(1);
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
