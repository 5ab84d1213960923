import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createCheckPool } from "../../src/recover/steps/check-pool.ts";
import { createSwapBehindPool } from "../../src/recover/steps/swap-behind-pool.ts";
import { openSwapPorts } from "../live/support/swap-steps.ts";
import { aPool } from "../support/a-pool.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;
const NOWHERE = "postgresql://app@127.0.0.1:1/app";
const STEP = { id: "s", text: "swap", deadlineMs: 1000 } as const;

async function withStep(
  pool: ReturnType<typeof aPool>,
  body: (step: ReturnType<typeof createSwapBehindPool>) => Promise<void>,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const place = { stateFolder: join(folder, "state"), url: NOWHERE, applicationUrl: NOWHERE };
    const ports = { ...openSwapPorts({ ...place, mayEnd: [] }), pool };
    const about = { phase: "act", aside: "app_aside_1", patienceMs: 0, pauseMs: 1000 } as const;
    await body(createSwapBehindPool({ ...STEP, ...about, kind: "swap-behind-pool" }, ports));
  });
}

describe("a swap behind a pool", () => {
  it("lets clients go on where it fails, and tells why", async () => {
    const pool = aPool();
    await withStep(pool, async (step) => {
      // Nothing is noted of it, so that it cannot be done.
      await expect(step.run(LIVE)).rejects.toThrow("nothing is noted of the swap");
    });

    expect(pool.told).toEqual(["pause", "resume"]);
  });

  it("is not done while clients are held back, whatever the databases say", async () => {
    await withStep(aPool(true), async (step) => {
      expect(await step.isDone(LIVE)).toBe(false);
    });
  });
});

describe("asking a pool beforehand", () => {
  const base = { ...STEP, kind: "check-pool", phase: "prepare" } as const;

  it.each([
    [aPool(true), "not by this plan: app"],
    [{ ...aPool(), isAdmin: async () => false }, "may not pause"],
    [undefined, "no PgBouncer is configured any more"],
  ])("ends the plan where it could not be paused (%#)", async (pool, reason) => {
    async function ask(): Promise<string> {
      return createCheckPool(base, pool === undefined ? {} : { pool }).run(LIVE);
    }

    await expect(ask()).rejects.toThrow(reason);
  });
});
