import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/system/clock.ts";

/** A clock under test; `during` runs work that waits and lets as much time pass as it needs. */
export interface ClockUnderTest {
  readonly clock: Clock;
  readonly during: <T>(ms: number, work: Promise<T>) => Promise<T>;
}

/** What every clock promises. */
export function clockContract(name: string, open: () => ClockUnderTest): void {
  describe(`the contract of a clock: ${name}`, () => {
    it("sleeps for about the asked time, on both scales", async () => {
      const { clock, during } = open();
      const wall = clock.now();
      const start = clock.monotonic();

      await during(20, clock.sleep(20, new AbortController().signal));

      expect(clock.monotonic() - start).toBeGreaterThanOrEqual(19);
      expect(clock.now() - wall).toBeGreaterThanOrEqual(19);
    });

    it("tells which run of the machine it is, and counts the time of it", async () => {
      const { clock, during } = open();
      const before = clock.boot();

      await during(20, clock.sleep(20, new AbortController().signal));

      const after = clock.boot();
      expect(after?.id).toBe(before?.id);
      expect((after?.ms ?? 0) - (before?.ms ?? 0)).toBeGreaterThanOrEqual(19);
    });

    it("wakes sleepers in the order of their times", async () => {
      const { clock, during } = open();
      const { signal } = new AbortController();
      const woken: string[] = [];
      const late = clock.sleep(30, signal).then(() => woken.push("late"));
      const early = clock.sleep(5, signal).then(() => woken.push("early"));

      await during(30, Promise.all([late, early]));

      expect(woken).toEqual(["early", "late"]);
    });

    it("rejects a sleep with the signal's own reason", async () => {
      const { clock } = open();
      const controller = new AbortController();
      const reason = new Error("told to stop");
      const sleeping = clock.sleep(60_000, controller.signal);

      controller.abort(reason);

      await expect(sleeping).rejects.toBe(reason);
    });

    it("rejects a sleep whose signal was aborted before", async () => {
      const { clock } = open();
      const reason = new Error("told to stop");

      const sleeping = clock.sleep(60_000, AbortSignal.abort(reason));

      await expect(sleeping).rejects.toBe(reason);
    });

    it("aborts a deadline with a TimeoutError when its time is over", async () => {
      const { clock, during } = open();

      const deadline = clock.deadline(10, new AbortController().signal);
      await during(30, clock.sleep(30, new AbortController().signal));

      expect(deadline.aborted).toBe(true);
      expect(deadline.reason).toMatchObject({ name: "TimeoutError" });
    });

    it("aborts a deadline with its parent's reason, at once", () => {
      const { clock } = open();
      const parent = new AbortController();
      const reason = new Error("told to stop");
      const deadline = clock.deadline(60_000, parent.signal);

      parent.abort(reason);

      expect(deadline.reason).toBe(reason);
    });

    it("gives an aborted deadline to a parent that is aborted already", () => {
      const { clock } = open();
      const reason = new Error("told to stop");

      const deadline = clock.deadline(60_000, AbortSignal.abort(reason));

      expect(deadline.reason).toBe(reason);
    });
  });
}
