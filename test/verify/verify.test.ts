import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import type { Signal } from "../../src/model/signal.ts";
import type { Check } from "../../src/model/verification.ts";
import { judgeAfresh } from "../../src/verify/fresh.ts";
import type { HealthRounds } from "../../src/verify/health-rounds.ts";
import { VerifySettings } from "../../src/verify/settings.ts";
import { verify } from "../../src/verify/verify.ts";
import { aBreachedSignal, aRule, aSignal, NOON } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";

const PASSED = { name: "pid", passed: true, detail: "new process" };

/** Judged by a share of the requests of ten seconds. */
const SHARE = {
  window: { kind: "span", ms: 10_000 },
  test: { kind: "share", allowed: 0.05 },
  minSamples: 5,
} as const;
const WELL: HealthRounds = { ask: async () => [] };

async function passing(): Promise<readonly Check[]> {
  return [PASSED];
}

async function throwing(): Promise<never> {
  throw new Error("pm2 is silent");
}

async function hanging(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("took too long")));
  });
}

function verifying(
  clock: ManualClock,
  signals: () => readonly Signal[],
): ReturnType<typeof verify> {
  const input = {
    clock,
    settings: VerifySettings.parse({}),
    signals,
    identityChecks: passing,
    health: WELL,
  };
  return verify(input, new AbortController().signal);
}

describe("a verification", () => {
  it("ends as soon as the proof is there, long before the time is out", async () => {
    const clock = createManualClock();
    const start = clock.now();
    const result = verifying(clock, () => [aSignal()]);

    await clock.advance(10_000);

    await expect(result).resolves.toMatchObject({ result: "proven", at: start + 10_000 });
  });

  it("waits for the break to be over and then for the whole steady time", async () => {
    const clock = createManualClock();
    const start = clock.now();
    const result = verifying(clock, () => [
      clock.now() < start + 8000 ? aBreachedSignal() : aSignal(),
    ]);

    await clock.advance(18_000);

    await expect(result).resolves.toMatchObject({ result: "proven", at: start + 18_000 });
  });

  it("is not proven when the breach lasts to the end", async () => {
    const clock = createManualClock();
    const start = clock.now();
    const result = verifying(clock, () => [aBreachedSignal()]);

    await clock.advance(120_000);

    await expect(result).resolves.toMatchObject({ result: "not-proven", at: start + 120_000 });
  });

  it("is unknown when the identity cannot be asked, and says why", async () => {
    const clock = createManualClock();
    const settings = VerifySettings.parse({ timeout: "5s" });
    const input = {
      clock,
      settings,
      signals: () => [aSignal()],
      identityChecks: throwing,
      health: WELL,
    };
    const result = verify(input, new AbortController().signal);

    await clock.advance(5000);

    await expect(result).resolves.toMatchObject({
      result: "unknown",
      checks: [
        { name: "signal health" },
        { name: "identity", detail: "could not be asked: pm2 is silent" },
        {},
      ],
    });
  });

  it("does not wait for identity checks that hang", async () => {
    const clock = createManualClock();
    const settings = VerifySettings.parse({ timeout: "15s" });
    const input = {
      clock,
      settings,
      signals: () => [aSignal()],
      identityChecks: hanging,
      health: WELL,
    };
    const result = verify(input, new AbortController().signal);

    await clock.advance(25_000);

    await expect(result).resolves.toMatchObject({ result: "unknown" });
  });

  it("rethrows an abort at once", async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const input = {
      clock,
      settings: VerifySettings.parse({}),
      signals: () => [aBreachedSignal()],
      identityChecks: passing,
      health: WELL,
    };
    const result = verify(input, controller.signal).catch((error: unknown) => error);
    await clock.settle();

    controller.abort(new Error("shutting down"));

    await expect(result).resolves.toEqual(new Error("shutting down"));
  });

  it("is not given on old health: the last round decides, and the steady time begins anew", async () => {
    const clock = createManualClock();
    const start = clock.now();
    let lastRounds = 0;
    const health: HealthRounds = {
      ask: async (round) => {
        lastRounds += round === "last" ? 1 : 0;
        const isSick = round === "last" && lastRounds === 1;
        return isSick ? [{ name: "rows of doses", passed: false, detail: "0" }] : [];
      },
    };
    const settings = VerifySettings.parse({});
    const input = { clock, settings, signals: () => [aSignal()], identityChecks: passing, health };
    const result = verify(input, new AbortController().signal);

    await clock.advance(30_000);

    await expect(result).resolves.toMatchObject({ result: "proven", at: start + 20_500 });
  });

  it("takes no longer with a signal that is judged by windows of ten seconds", async () => {
    const clock = createManualClock(NOON);
    const rules = [aRule(), aRule({ name: "slow", ...SHARE })];
    const samples: Sample[] = [];
    const from = clock.now();
    const settings = VerifySettings.parse({});
    const input = {
      clock,
      settings,
      signals: () => judgeAfresh({ rules, samples, from, settleMs: 15_000, now: clock.now() }),
      identityChecks: passing,
      health: WELL,
    };
    const result = verify(input, new AbortController().signal);

    for (let second = 0; second < 30; second += 1) {
      await clock.advance(1000);
      const at = clock.now();
      const reading = { kind: "measured", value: 0, detail: "200" } as const;
      samples.push(...rules.map(({ name }) => ({ signal: name, at, tookMs: 0, reading })));
    }

    const { result: proof, at } = await result;
    expect([proof, at - from]).toEqual(["proven", 11_500]);
  });
});
