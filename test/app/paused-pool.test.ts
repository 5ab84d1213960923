import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { finishRecovery } from "../../src/app/recovery.ts";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import { aPool } from "../support/a-pool.ts";
import { anIncident, aPlan } from "../support/builders.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const LIVE = new AbortController().signal;
const HOUR_MS = 3_600_000;

/** A plan whose swap was begun by a rollwatch that was killed then. */
function killedIn({ daemon, record }: Parts, kind: string): Daemon {
  const step = { id: "swap-database", phase: "act", text: "swap", deadlineMs: 1000 } as const;
  const plan = aPlan({ scope: "database", steps: [{ ...step, kind }] });
  const { id: incident, trigger, tier, mode, since, signals } = anIncident();
  const opened = { incident, trigger, tier, mode, since, signals: [...signals] };
  record({ kind: "incident-opened", ...opened });
  record({ kind: "planned", plan });
  record({ kind: "recovery-started", plan: plan.id });
  record({ kind: "step-started", plan: plan.id, step: step.id });
  return daemon;
}

describe("a pool that a killed rollwatch left paused", () => {
  it.each([
    ["swap-behind-pool", ["resume"]],
    // That one holds nobody back: whoever paused the pool is somebody else.
    ["swap-database", []],
  ])("goes on where %s is left to people", async (kind, told) => {
    await withDaemon(async (parts) => {
      const pool = aPool(true);
      const daemon = killedIn(parts, kind);
      await parts.world.clock.advance(2 * HOUR_MS);
      const world = { ...daemon.world, pool };

      await finishRecovery({ ...daemon, world }, openChangeWatch(daemon), aPlan().id, LIVE);

      expect(parts.written()).toContain("recovery-ended");
      expect(pool.told).toEqual(told);
    });
  });
});
