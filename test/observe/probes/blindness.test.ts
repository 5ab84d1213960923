import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  BlindnessProbeSettings,
  type BlindSignal,
  createBlindnessProbe,
} from "../../../src/observe/probes/blindness.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";

const { signal } = new AbortController();

interface Watched {
  readonly clock: ManualClock;
  /** From now on these are the signals that say nothing. */
  readonly silence: (...names: readonly string[]) => void;
  /** A look every five seconds for as long; the newest reading. */
  readonly looksFor: (seconds: number) => Promise<Reading>;
}

function watched(): Watched {
  const clock = createManualClock();
  let silent: readonly BlindSignal[] = [];
  const sight = { blind: () => silent };
  const settings = BlindnessProbeSettings.parse({ kind: "blindness" });
  const probe = createBlindnessProbe("blindness", settings, { clock, sight });
  return {
    clock,
    silence: (...names) => {
      silent = names.map((name) => {
        const intervalMs = name === "hourly" ? 3_600_000 : 5000;
        return { signal: name, reason: `${name} is gone`, intervalMs };
      });
    },
    looksFor: async (seconds) => {
      let reading = await probe.sample(signal);
      for (let passed = 0; passed < seconds; passed += 5) {
        await clock.advance(5000);
        reading = await probe.sample(signal);
      }
      return reading;
    },
  };
}

describe("blindness", () => {
  it("is none while every signal says something", async () => {
    expect(await watched().looksFor(300)).toEqual({
      kind: "measured",
      value: 0,
      detail: "every signal is seen",
    });
  });

  it("lasts as long as a signal says nothing, and is told with its reason", async () => {
    const { silence, looksFor } = watched();
    silence("api-health");

    expect(await looksFor(125)).toEqual({
      kind: "measured",
      value: 125,
      detail: "blind: api-health for 2 min 5 s (api-health is gone)",
    });
  });

  it("begins only after three intervals of the signal", async () => {
    const { silence, looksFor } = watched();
    silence("api-health", "hourly");

    expect(await looksFor(15)).toMatchObject({ value: 0 });
    expect(await looksFor(5)).toMatchObject({ value: 20 });
  });

  it("ends with the first word, and begins anew", async () => {
    const { silence, looksFor } = watched();
    silence("api-health");
    await looksFor(100);

    silence();
    expect(await looksFor(5)).toMatchObject({ value: 0 });
    silence("api-health");

    expect(await looksFor(20)).toMatchObject({ value: 20 });
  });

  it("is as long as the longest of all, and not the sum of several", async () => {
    const { silence, looksFor } = watched();
    silence("a");
    await looksFor(60);
    silence("a", "b", "c", "d");
    await looksFor(30);
    silence("b", "c", "d", "e");

    const reading = await looksFor(30);

    expect(reading).toMatchObject({ value: 60 });
    expect(reading.detail).toContain("and 1 more");
  });

  it("does not count the time in which rollwatch itself stood still", async () => {
    const { clock, silence, looksFor } = watched();
    silence("api-health");
    await looksFor(20);

    await clock.stall(3_600_000);

    expect(await looksFor(0)).toMatchObject({ value: 30 });
  });

  it("is unknown to a single look, which is no fault", async () => {
    const clock = createManualClock();
    const settings = BlindnessProbeSettings.parse({ kind: "blindness" });

    const reading = await createBlindnessProbe("blindness", settings, { clock }).sample(signal);

    expect(reading).toMatchObject({ kind: "measured", value: 0 });
  });
});
