import { describe, expect, it } from "vitest";
import { openBell } from "../../src/app/bell.ts";
import { createManualClock } from "../support/fakes/clock.ts";

const LIVE = new AbortController().signal;

describe("the bell", () => {
  it("ends a wait early", async () => {
    const clock = createManualClock();
    const bell = openBell(clock);
    const waiting = bell.wait(1000, LIVE);
    await clock.advance(10);

    bell.ring();

    await expect(waiting).resolves.toBeUndefined();
    expect(clock.pending()).toBe(0);
  });

  it("that rang before the wait ends it at once, and only that one", async () => {
    const clock = createManualClock();
    const bell = openBell(clock);
    bell.ring();

    await bell.wait(1000, LIVE);
    let isOver = false;
    const second = bell.wait(1000, LIVE).then(() => (isOver = true));
    await clock.advance(999);
    const early = isOver;
    await clock.advance(1);
    await second;

    expect(early).toBe(false);
  });

  it("lets a wait end by itself when nobody rings", async () => {
    const clock = createManualClock();
    const waiting = openBell(clock).wait(1000, LIVE);

    await clock.advance(1000);

    await expect(waiting).resolves.toBeUndefined();
  });

  it("passes an abort on, also when it rang", async () => {
    const clock = createManualClock();
    const ending = new AbortController();
    const bell = openBell(clock);
    const waiting = bell.wait(1000, ending.signal);
    bell.ring();

    ending.abort(new Error("the end"));

    await expect(waiting).rejects.toThrow("the end");
  });
});
