import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openEventLoop } from "../../src/system/event-loop.ts";
import { createManualClock } from "../support/fakes/clock.ts";

describe("the event loop's watch", () => {
  it("says nothing while the loop turns", async () => {
    const clock = createManualClock();
    const watch = openEventLoop(clock).watch();

    await clock.advance(10_000);

    expect(watch.takeLagMs()).toBe(0);
    watch.close();
  });

  it("tells a standstill that is over, once", async () => {
    const clock = createManualClock();
    const watch = openEventLoop(clock).watch();
    await clock.advance(1000);

    await clock.stall(700);
    await clock.advance(1000);

    expect(watch.takeLagMs()).toBe(650);
    expect(watch.takeLagMs()).toBe(0);
    watch.close();
  });

  it("tells a standstill that began right after the last question, before any timer ran", () => {
    const clock = openClock();
    const watch = openEventLoop(clock).watch();
    watch.takeLagMs();

    const end = clock.monotonic() + 120;
    while (clock.monotonic() < end) {
      // The process does something else, for too long.
    }

    expect(watch.takeLagMs()).toBeGreaterThanOrEqual(70);
    watch.close();
  });

  it("keeps two measurements apart", async () => {
    const clock = createManualClock();
    const loop = openEventLoop(clock);
    const one = loop.watch();
    const other = loop.watch();

    await clock.stall(500);
    one.takeLagMs();

    expect(other.takeLagMs()).toBe(450);
    one.close();
    other.close();
  });

  it("needs one timer for many measurements, and goes on with it when one of them is closed", async () => {
    const clock = createManualClock();
    const loop = openEventLoop(clock);
    const [closed, one, other] = [loop.watch(), loop.watch(), loop.watch()];

    closed.close();
    await clock.advance(1000);
    const timers = clock.pending();
    await clock.stall(500);
    await clock.advance(1000);

    expect(timers).toBe(1);
    expect([one.takeLagMs(), other.takeLagMs()]).toEqual([450, 450]);
    one.close();
    other.close();
  });

  it("measures again after all were closed", async () => {
    const clock = createManualClock();
    const loop = openEventLoop(clock);
    loop.watch().close();
    const again = loop.watch();

    await clock.stall(500);

    expect(again.takeLagMs()).toBe(450);
    again.close();
  });

  it("leaves no timer behind when closed", async () => {
    const clock = createManualClock();
    const watch = openEventLoop(clock).watch();

    watch.close();
    await clock.settle();

    expect(clock.pending()).toBe(0);
  });
});
