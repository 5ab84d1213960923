import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { clockContract } from "../contracts/clock.ts";
import { createManualClock } from "../support/fakes/clock.ts";

clockContract("the machine's", () => ({
  clock: openClock(),
  during: async (_ms, work) => work,
}));

clockContract("the manual one of the tests", () => {
  const clock = createManualClock();
  return {
    clock,
    during: async (ms, work) => {
      await clock.advance(ms);
      return work;
    },
  };
});

describe("the machine's clock", () => {
  it("tells the wall time", () => {
    const before = Date.now();

    const now = openClock().now();

    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it("does not wake at once from a sleep longer than a timer can be", async () => {
    const clock = openClock();
    const controller = new AbortController();
    let woken = false;
    const sleeping = clock.sleep(40 * 86_400_000, controller.signal).then(() => {
      woken = true;
      return woken;
    });

    await clock.sleep(10, controller.signal);
    controller.abort(new Error("enough"));

    await expect(sleeping).rejects.toThrow("enough");
    expect(woken).toBe(false);
  });

  it("lets go of a parent when a deadline has passed or a sleep is over", async () => {
    const clock = openClock();
    const parent = new AbortController();

    clock.deadline(1, parent.signal);
    await clock.sleep(20, parent.signal);

    expect(getEventListeners(parent.signal, "abort")).toHaveLength(0);
  });
});

describe("the manual clock", () => {
  it("runs what a sleeper does next before later sleepers wake", async () => {
    const clock = createManualClock();
    const { signal } = new AbortController();
    const seen: number[] = [];
    async function tick(): Promise<void> {
      for (let run = 0; run < 3; run += 1) {
        await clock.sleep(10, signal);
        seen.push(clock.monotonic());
      }
    }

    const ticking = tick();
    await clock.advance(35);

    expect(seen).toEqual([10, 20, 30]);
    expect(clock.monotonic()).toBe(35);
    await ticking;
  });

  it("wakes late what fell due during a stall", async () => {
    const clock = createManualClock();
    let wokenAt = 0;
    const sleeping = clock.sleep(10, new AbortController().signal).then(() => {
      wokenAt = clock.monotonic();
      return wokenAt;
    });

    await clock.stall(500);

    await sleeping;
    expect(wokenAt).toBe(500);
  });
});
