import { describe, expect, it } from "vitest";
import type { Reading, Sample } from "../../src/model/sample.ts";
import type { Probe } from "../../src/observe/probe.ts";
import { startSampler } from "../../src/observe/sampler.ts";
import { openWake, type WakeSource } from "../../src/observe/wake.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";
import { fakeEventLoop, type FakeEventLoop } from "../support/fakes/event-loop.ts";

const START = Date.UTC(2026, 10, 22, 12, 0, 0);
const GOOD: Reading = { kind: "measured", value: 0, detail: "fine" };

interface Bench {
  readonly clock: ManualClock;
  readonly loop: FakeEventLoop;
  readonly samples: Sample[];
  readonly missed: string[];
  readonly wake: WakeSource;
  start(...probes: readonly Probe[]): void;
  /** From now on every signal is doubted, and to be probed again after this time. */
  doubt(againMs: number | undefined): void;
  /** Aborts; resolves with what the sampler rejected with. */
  stop(): Promise<unknown>;
}

function aBench(): Bench {
  const clock = createManualClock(START);
  const loop = fakeEventLoop();
  const samples: Sample[] = [];
  const missed: string[] = [];
  const wake = openWake();
  const controller = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  let again: number | undefined;
  return {
    doubt: (againMs) => {
      again = againMs;
    },
    clock,
    loop,
    samples,
    missed,
    wake,
    start: (...probes) => {
      const input = {
        probes,
        clock,
        lag: loop,
        onSample: (sample: Sample) => samples.push(sample),
        onMissed: (signal: string, ticks: number) => missed.push(`${signal} ${ticks}`),
        wake,
        againMs: () => again,
      };
      running = startSampler(input, controller.signal).catch((error: unknown) => error);
    },
    stop: async () => {
      controller.abort(new Error("stopped"));
      return running;
    },
  };
}

/** A probe every second with a timeout of 800 ms. */
function aProbe(sample: Probe["sample"], signal = "down"): Probe {
  return { signal, kind: "test", intervalMs: 1000, timeoutMs: 800, sample };
}

function offsets(samples: readonly Sample[]): readonly number[] {
  return samples.map(({ at }) => at - START);
}

describe("the sampler", () => {
  it("asks at once and then on a fixed grid, however long the answers take", async () => {
    const bench = aBench();
    bench.start(
      aProbe(async (signal) => {
        await bench.clock.sleep(300, signal);
        return GOOD;
      }),
    );

    await bench.clock.advance(3500);

    expect(bench.samples).toEqual(
      [0, 1000, 2000, 3000].map((due) => ({
        signal: "down",
        at: START + due,
        tookMs: 300,
        reading: GOOD,
      })),
    );
    await bench.stop();
  });

  it("stays on its grid when the wall clock jumps", async () => {
    const bench = aBench();
    bench.start(aProbe(async () => GOOD));
    await bench.clock.advance(1500);

    bench.clock.jumpWall(3_600_000);
    await bench.clock.advance(1000);

    expect(offsets(bench.samples)).toEqual([0, 1000, 3_602_000]);
    await bench.stop();
  });

  it("never runs a probe beside itself: what is due meanwhile is skipped and counted", async () => {
    const bench = aBench();
    let running = 0;
    let most = 0;
    const slow = aProbe(async (signal) => {
      running += 1;
      most = Math.max(most, running);
      await bench.clock.sleep(2500, signal);
      running -= 1;
      return GOOD;
    });
    bench.start({ ...slow, timeoutMs: 5000 });

    await bench.clock.advance(6000);

    expect(most).toBe(1);
    expect(offsets(bench.samples)).toEqual([0, 3000]);
    expect(bench.missed).toEqual(["down 2", "down 2"]);
    await bench.stop();
  });

  it("begins the grids of several probes 5 ms apart, or closer where that many would not fit an interval", async () => {
    const few = aBench();
    const many = aBench();
    const names = Array.from({ length: 1000 }, (_one, place) => `probe ${place}`);
    few.start(...names.slice(0, 3).map((name) => aProbe(async () => GOOD, name)));
    many.start(...names.map((name) => aProbe(async () => GOOD, name)));

    await few.clock.advance(999);
    await many.clock.advance(999);

    expect(offsets(few.samples)).toEqual([0, 5, 10]);
    expect(offsets(many.samples)).toEqual(names.map((_name, place) => place));
    await few.stop();
    await many.stop();
  });

  it("aborts a run that hangs and does not let it delay another probe", async () => {
    const bench = aBench();
    const hanging = aProbe(async (signal) => {
      await bench.clock.sleep(60_000, signal);
      return GOOD;
    }, "hanging");
    bench.start(
      hanging,
      aProbe(async () => GOOD, "quick"),
    );

    await bench.clock.advance(2005);

    const quick = bench.samples.filter(({ signal }) => signal === "quick");
    const hung = bench.samples.filter(({ signal }) => signal === "hanging");
    expect(offsets(quick)).toEqual([5, 1005, 2005]);
    expect(hung).toEqual([
      {
        signal: "hanging",
        at: START,
        tookMs: 1050,
        reading: {
          kind: "absent",
          reason: "watcher-lagging",
          detail: "the run was not over after 1.1 s",
        },
      },
    ]);
    await bench.stop();
  });

  it("starts no second run while the first ignores its abort", async () => {
    const bench = aBench();
    let runs = 0;
    bench.start(
      aProbe(async () => {
        runs += 1;
        return new Promise<Reading>(() => undefined);
      }),
    );

    await bench.clock.advance(4500);

    expect(runs).toBe(1);
    expect(bench.samples.map(({ reading }) => reading.detail)).toEqual([
      "the run was not over after 1.1 s",
      "the run before this one has still not ended",
      "the run before this one has still not ended",
      "the run before this one has still not ended",
    ]);
    await bench.stop();
  });

  it("voids what it measured when it began late itself", async () => {
    const bench = aBench();
    let runs = 0;
    bench.start(
      aProbe(async () => {
        runs += 1;
        return GOOD;
      }),
    );
    await bench.clock.advance(600);

    await bench.clock.stall(700);

    expect(bench.samples[1]).toEqual({
      signal: "down",
      at: START + 1000,
      tookMs: 300,
      reading: { kind: "absent", reason: "watcher-lagging", detail: "rollwatch began 300 ms late" },
    });
    expect(runs).toBe(1);
    await bench.stop();
  });

  it("keeps what it measured when it began only a little late", async () => {
    const bench = aBench();
    bench.start(aProbe(async () => GOOD));
    await bench.clock.advance(600);

    await bench.clock.stall(600);

    expect(bench.samples[1]?.reading).toEqual(GOOD);
    await bench.stop();
  });

  it("adds the time by which it began late to what a probe of requests measured, and to nothing else", async () => {
    const bench = aBench();
    const slow: Reading = { kind: "measured", value: 0.25, detail: "200" };
    bench.start(
      { ...aProbe(async () => slow, "latency"), timesRequests: true },
      aProbe(async () => GOOD, "down"),
    );
    await bench.clock.advance(600);

    await bench.clock.stall(550);

    const values = bench.samples.map(({ signal, reading }) =>
      reading.kind === "measured" ? [signal, reading.value] : [signal],
    );
    expect(values).toEqual([
      ["latency", 0.25],
      ["down", 0],
      ["latency", 0.4],
      ["down", 0],
    ]);
    await bench.stop();
  });

  it("voids what it measured when it stood still during the run", async () => {
    const bench = aBench();
    bench.start(
      aProbe(async () => {
        bench.loop.standStill(450);
        return { kind: "measured", value: 1, detail: "it did not answer in time" };
      }),
    );

    await bench.clock.advance(10);

    expect(bench.samples[0]?.reading).toEqual({
      kind: "absent",
      reason: "watcher-lagging",
      detail: "rollwatch itself stood still for 450 ms",
    });
    await bench.stop();
  });

  it("has no measurement from a probe that throws, and asks it again", async () => {
    const bench = aBench();
    let runs = 0;
    bench.start(
      aProbe(async () => {
        runs += 1;
        if (runs === 1) {
          throw new Error("oops");
        }
        return GOOD;
      }),
    );

    await bench.clock.advance(1000);

    expect(bench.samples.map(({ reading }) => reading)).toEqual([
      { kind: "absent", reason: "probe-crashed", detail: "oops" },
      GOOD,
    ]);
    await bench.stop();
  });

  it("asks a target that throttles it ever more rarely, and says at each skipped time until when", async () => {
    const bench = aBench();
    const throttled: Reading = { kind: "absent", reason: "throttled", detail: "429" };
    const asked: number[] = [];
    bench.start(
      aProbe(async () => {
        asked.push(bench.clock.now() - START);
        return asked.length <= 5 ? throttled : GOOD;
      }),
      aProbe(async () => GOOD, "other"),
    );

    await bench.clock.advance(33_005);

    // Every 2, 4, 8, 8 seconds, and every second again after the first answer.
    expect(asked).toEqual([0, 2000, 6000, 14_000, 22_000, 30_000, 31_000, 32_000, 33_000]);
    const own = bench.samples.filter(({ signal }) => signal === "down");
    expect(offsets(own)).toEqual(Array.from({ length: 34 }, (_one, tick) => tick * 1000));
    expect(own[4]).toEqual({
      signal: "down",
      at: START + 4000,
      tookMs: 0,
      reading: {
        kind: "absent",
        reason: "throttled",
        detail: "it asked us to slow down (429), and is asked again at 2026-11-22 12:00:06 UTC",
      },
      skipped: true,
    });
    expect(own.filter(({ skipped }) => skipped !== true)).toHaveLength(asked.length);
    expect(bench.samples.filter(({ signal }) => signal === "other")).toHaveLength(34);
    expect(bench.missed).toEqual([]);
    await bench.stop();
  });

  it("asks a target that throttles it not before the time that it said", async () => {
    const bench = aBench();
    const asked: number[] = [];
    bench.start(
      aProbe(async (signal) => {
        asked.push(bench.clock.now() - START);
        await bench.clock.sleep(20, signal);
        return { kind: "absent", reason: "throttled", detail: "429", retryAfterMs: 3000 };
      }),
    );

    await bench.clock.advance(8000);

    expect(asked).toEqual([0, 4000, 8000]);
    expect(bench.samples.at(1)?.reading.detail).toContain("asked again at 2026-11-22 12:00:04 UTC");
    await bench.stop();
  });

  it("keeps to what a target asked for though it stood still itself", async () => {
    const bench = aBench();
    let runs = 0;
    bench.start(
      aProbe(async () => {
        runs += 1;
        bench.loop.standStill(450);
        return { kind: "absent", reason: "throttled", detail: "429", retryAfterMs: 5000 };
      }),
    );

    await bench.clock.advance(4000);

    expect(runs).toBe(1);
    await bench.stop();
  });

  it("ends with the signal's reason, in the middle of a run too, and leaves nothing behind", async () => {
    const bench = aBench();
    bench.start(
      aProbe(async (signal) => {
        await bench.clock.sleep(500, signal);
        return GOOD;
      }),
      aProbe(async () => GOOD, "other"),
    );
    await bench.clock.advance(100);

    const error = await bench.stop();

    expect(error).toMatchObject({ message: "stopped" });
    expect(bench.samples.map(({ signal }) => signal)).toEqual(["other"]);
    expect(bench.loop.watching()).toBe(0);
  });
});

describe("a sampler that is woken", () => {
  const DOWN = new Set(["down"]);

  it("runs the named probe at once, and its next run an interval later", async () => {
    const bench = aBench();
    bench.start(
      aProbe(async () => GOOD),
      aProbe(async () => GOOD, "other"),
    );
    await bench.clock.advance(300);

    bench.wake.wake(DOWN);
    await bench.clock.advance(2000);

    const [down = [], other = []] = ["down", "other"].map((name) =>
      offsets(bench.samples.filter(({ signal }) => signal === name)),
    );
    expect(down).toEqual([0, 300, 1300, 2300]);
    expect(other).toEqual([5, 1005, 2005]);
    expect(bench.missed).toEqual([]);
    await bench.stop();
  });

  it("runs again at once when the wake-up came while the probe was running", async () => {
    const bench = aBench();
    bench.start(
      aProbe(async (signal) => {
        await bench.clock.sleep(100, signal);
        return GOOD;
      }),
    );
    await bench.clock.advance(50);

    bench.wake.wake(DOWN);
    await bench.clock.advance(1200);

    expect(offsets(bench.samples)).toEqual([0, 100, 1100]);
    await bench.stop();
  });

  it("hears no second wake-up within an interval, so that a crash loop is no storm of samples", async () => {
    const bench = aBench();
    bench.start(aProbe(async () => GOOD));
    await bench.clock.advance(300);

    for (let times = 0; times < 9; times += 1) {
      bench.wake.wake(DOWN);
      await bench.clock.advance(100);
    }
    await bench.clock.advance(200);

    expect(offsets(bench.samples)).toEqual([0, 300, 1300]);
    await bench.stop();
  });

  it("does not disturb a target that asked to be left alone", async () => {
    const bench = aBench();
    let runs = 0;
    bench.start(
      aProbe(async () => {
        runs += 1;
        return { kind: "absent", reason: "throttled", detail: "429", retryAfterMs: 5000 };
      }),
    );
    await bench.clock.advance(300);

    bench.wake.wake(DOWN);
    await bench.clock.advance(500);

    expect(runs).toBe(1);
    expect(offsets(bench.samples)).toEqual([0]);
    await bench.stop();
  });

  it("listens no more when it has ended", async () => {
    const bench = aBench();
    bench.start(aProbe(async () => GOOD));
    await bench.clock.advance(10);
    await bench.stop();

    bench.wake.wake(DOWN);
    await bench.clock.advance(10);

    expect(offsets(bench.samples)).toEqual([0]);
    expect(bench.clock.pending()).toBe(0);
  });
});

describe("what was measured while time did not go by as it should", () => {
  it("is void when the clock was set in the middle of it, and stands in the new time", async () => {
    const bench = aBench();
    bench.start(
      aProbe(async (signal) => {
        await bench.clock.sleep(500, signal);
        return GOOD;
      }),
    );
    await bench.clock.advance(1200);

    bench.clock.jumpWall(-3_600_000);
    await bench.clock.advance(1500);

    expect(offsets(bench.samples)).toEqual([0, 1000 - 3_600_000, 2000 - 3_600_000]);
    expect(bench.samples.map(({ reading }) => reading.kind)).toEqual([
      "measured",
      "absent",
      "measured",
    ]);
    await bench.stop();
  });

  it("is void where it was counted while rollwatch stood still longer than an interval", async () => {
    const bench = aBench();
    const counts = { bad: 90, total: 100 };
    bench.start(aProbe(async () => ({ ...GOOD, counts })));
    await bench.clock.advance(100);

    await bench.clock.stall(3500);
    await bench.clock.advance(2000);

    // asked at once; what was due while it stood still began late; the next one counts the standstill, too
    const details = bench.samples.map(({ reading }) => reading.detail);
    expect(details).toEqual([
      "fine",
      "rollwatch began 2.6 s late",
      "it was counted while rollwatch itself stood still",
      "fine",
    ]);
    await bench.stop();
  });

  it("counts where nothing is counted: the next look is as good as any", async () => {
    const bench = aBench();
    bench.start(aProbe(async () => GOOD));
    await bench.clock.advance(100);

    await bench.clock.stall(3500);
    await bench.clock.advance(1000);

    expect(bench.samples.map(({ reading }) => reading.kind)).toEqual([
      "measured",
      "absent",
      "measured",
    ]);
    await bench.stop();
  });
});

describe("the sampler of a doubted signal", () => {
  it("asks again in between, and on its grid as before once it is decided", async () => {
    const bench = aBench();
    bench.start(aProbe(async () => GOOD));
    await bench.clock.advance(900);
    bench.doubt(300);
    await bench.clock.advance(1500);
    bench.doubt(undefined);

    await bench.clock.advance(1000);

    expect(offsets(bench.samples)).toEqual([0, 1000, 1300, 1600, 1900, 2000, 2300, 2600, 3000]);
    expect(bench.missed).toEqual([]);
    await bench.stop();
  });

  it("asks no more often than ten times a minute beyond its grid", async () => {
    const bench = aBench();
    bench.doubt(400);
    bench.start(aProbe(async () => GOOD));

    await bench.clock.advance(120_000 - 1);

    const perMinute = [0, 60_000].map(
      (from) => offsets(bench.samples).filter((at) => at >= from && at < from + 60_000).length,
    );
    expect(perMinute).toEqual([70, 70]);
    await bench.stop();
  });

  it("asks nothing extra of a target that asks to be left alone", async () => {
    const bench = aBench();
    bench.doubt(100);
    bench.start(
      aProbe(async () => ({
        kind: "absent",
        reason: "throttled",
        detail: "429",
        retryAfterMs: 2500,
      })),
    );

    await bench.clock.advance(2999);

    const asked = bench.samples.filter((one) => one.skipped !== true);
    expect(offsets(asked)).toEqual([0]);
    await bench.stop();
  });

  it("tries what was void because of itself again soon, where its next time is far away", async () => {
    const bench = aBench();
    bench.start({ ...aProbe(async () => GOOD), intervalMs: 60_000 });
    await bench.clock.advance(59_000);
    await bench.clock.stall(1300);

    await bench.clock.advance(10_000);

    expect(bench.samples.map(({ reading }) => reading.kind)).toEqual([
      "measured",
      "absent",
      "measured",
    ]);
    expect(offsets(bench.samples)).toEqual([0, 60_000, 65_000]);
    await bench.stop();
  });

  it("never asks while the run before is under way", async () => {
    const bench = aBench();
    let running = 0;
    let most = 0;
    bench.doubt(100);
    bench.start(
      aProbe(async (signal) => {
        running += 1;
        most = Math.max(most, running);
        await bench.clock.sleep(700, signal);
        running -= 1;
        return GOOD;
      }),
    );

    await bench.clock.advance(3000);

    expect(most).toBe(1);
    expect(offsets(bench.samples)).toEqual([0, 700, 1400, 2100]);
    await bench.stop();
  });
});
