import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/model/signal.ts";
import type { Check } from "../../src/model/verification.ts";
import { VerifySettings } from "../../src/verify/settings.ts";
import { verify } from "../../src/verify/verify.ts";
import { aBreachedSignal, aSignal } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";

const PASSED = { name: "pid", passed: true, detail: "new process" };

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
  const input = { clock, settings: VerifySettings.parse({}), signals, identityChecks: passing };
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
    const input = { clock, settings, signals: () => [aSignal()], identityChecks: throwing };
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
    const input = { clock, settings, signals: () => [aSignal()], identityChecks: hanging };
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
    };
    const result = verify(input, controller.signal).catch((error: unknown) => error);
    await clock.settle();

    controller.abort(new Error("shutting down"));

    await expect(result).resolves.toEqual(new Error("shutting down"));
  });
});
