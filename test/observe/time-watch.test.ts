import { describe, expect, it } from "vitest";
import { openTimeWatch, type TimeWatch } from "../../src/observe/time-watch.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";
import { fakeEventLoop, type FakeEventLoop } from "../support/fakes/event-loop.ts";

interface Bench {
  readonly clock: ManualClock;
  readonly loop: FakeEventLoop;
  readonly watch: TimeWatch;
}

const HOUR_MS = 3_600_000;

function aBench(): Bench {
  const clock = createManualClock();
  const loop = fakeEventLoop();
  return { clock, loop, watch: openTimeWatch(clock, loop) };
}

describe("the watch over time", () => {
  it("tells of nothing while time goes by", async () => {
    const { clock, watch } = aBench();

    await clock.advance(3_600_000);

    expect(watch.look()).toEqual([]);
  });

  it.each([3_600_000, -3_600_000, 1001])("tells once that the clock was set by %d ms", (byMs) => {
    const { clock, watch } = aBench();

    clock.jumpWall(byMs);

    expect(watch.look()).toEqual([{ kind: "clock-set", byMs }]);
    expect(watch.look()).toEqual([]);
  });

  it("tells its owner of a setting before anybody else, and again when that went wrong", () => {
    const clock = createManualClock();
    const told: number[] = [];
    let isFull = true;
    const watch = openTimeWatch(clock, fakeEventLoop(), (byMs) => {
      if (isFull) {
        throw new Error("no space left");
      }
      told.push(byMs);
    });
    clock.jumpWall(HOUR_MS);

    expect(() => watch.noteClock()).toThrow("no space left");
    isFull = false;
    watch.noteClock();

    expect(told).toEqual([HOUR_MS]);
    expect(watch.look()).toEqual([{ kind: "clock-set", byMs: HOUR_MS }]);
    expect(told).toEqual([HOUR_MS]);
  });

  it("takes no notice of the small steps of a time server, however many they are", () => {
    const { clock, watch } = aBench();

    for (let step = 0; step < 100; step += 1) {
      clock.jumpWall(-900);
      expect(watch.look()).toEqual([]);
    }
  });

  it("tells once that rollwatch was stopped, and not when it was merely busy", () => {
    const { loop, watch } = aBench();

    loop.standStill(1500);
    const busy = watch.look();
    loop.standStill(60_000);
    const stopped = watch.look();

    expect(busy).toEqual([]);
    expect(stopped).toEqual([{ kind: "stood-still", ms: 60_000 }]);
    expect(watch.look()).toEqual([]);
  });

  it("leaves nothing behind", () => {
    const { loop, watch } = aBench();

    watch.close();

    expect(loop.watching()).toBe(0);
  });
});
