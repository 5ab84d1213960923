import { describe, expect, it } from "vitest";
import { otherHand } from "../../src/app/other-hand.ts";
import { Failure } from "../../src/model/failure.ts";
import type { Plan } from "../../src/model/plan.ts";
import { aPlan } from "../support/builders.ts";
import { withDaemon } from "../support/daemon.ts";

const FROM = "b".repeat(40);
const TARGET = "a".repeat(40);
const OTHER = "c".repeat(40);
const POINT_GIT = { id: "point-git", kind: "point-git", phase: "act", commit: TARGET } as const;
const { signal } = new AbortController();

function aRollback(over: Partial<Plan> = {}): Plan {
  return aPlan({ from: { commit: FROM }, steps: [POINT_GIT], ...over });
}

async function hangs(): Promise<never> {
  throw new Failure("git-refused", "git hangs", { hint: "" });
}

describe("somebody else's hand in the middle of a rollback", () => {
  // Where HEAD is, the plan, and whether it is somebody else's doing
  it.each([
    ["where the plan found it", FROM, aRollback(), false],
    ["where the plan leads", TARGET, aRollback(), false],
    ["somewhere else", OTHER, aRollback(), true],
    ["nowhere", null, aRollback(), false],
    ["moved by a plan that never moves it", OTHER, aRollback({ steps: [] }), false],
    ["not known from before", OTHER, aRollback({ from: {} }), false],
  ])("with HEAD %s", async (_where, head, plan, isOther) => {
    await withDaemon(async ({ daemon }) => {
      const git = { ...daemon.world.git, head: async () => head };

      const reason = await otherHand({ ...daemon, world: { ...daemon.world, git } }, plan, signal);

      expect(reason !== undefined).toBe(isOther);
    });
  });

  it("is not supposed where git cannot tell", async () => {
    await withDaemon(async ({ daemon }) => {
      const git = { ...daemon.world.git, head: hangs };

      const asked = otherHand({ ...daemon, world: { ...daemon.world, git } }, aRollback(), signal);

      await expect(asked).resolves.toBeUndefined();
    });
  });
});
