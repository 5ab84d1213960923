import { describe, expect, it } from "vitest";
import type { Health } from "../../src/model/health.ts";
import type { Check } from "../../src/model/verification.ts";
import { openHealthRounds, type HealthRounds } from "../../src/verify/health-rounds.ts";
import { VerifySettings } from "../../src/verify/settings.ts";
import { NOON } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";

const { signal } = new AbortController();
const SETTINGS = VerifySettings.parse({ settle: "15s", logs: { newErrors: "fail" } });
const HEALTHY: Health = {
  at: NOON,
  endpoints: [],
  tables: [],
  logs: { kind: "known", signatures: [], isCut: false },
};

/** An application that logs `boom` once it was restarted, and one whose database fails. */
function sick(over: Partial<Health> = {}): Health {
  const signatures = [{ text: "boom", count: 1 }];
  return { ...HEALTHY, logs: { kind: "known", signatures, isCut: false }, ...over };
}

interface Rounds {
  readonly clock: ManualClock;
  readonly rounds: HealthRounds;
  /** The moments from which the logs were read. */
  readonly taken: readonly number[];
}

function openRounds(take: (since: number) => Health): Rounds {
  const clock = createManualClock(NOON);
  const taken: number[] = [];
  const rounds = openHealthRounds({
    clock,
    settings: SETTINGS,
    baseline: HEALTHY,
    from: NOON,
    take: async (since) => {
      taken.push(since - NOON);
      return take(since);
    },
  });
  return { clock, rounds, taken };
}

function failing(checks: readonly Check[]): readonly string[] {
  return checks.filter((one) => !one.passed).map((one) => `${one.weight ?? "must"} ${one.name}`);
}

describe("rounds of health checks", () => {
  it("are five seconds apart, but for the last one", async () => {
    const { clock, rounds, taken } = openRounds(() => HEALTHY);

    for (let second = 0; second < 10; second += 1) {
      await rounds.ask("due", signal);
      await clock.advance(1000);
    }
    expect(taken).toHaveLength(2);

    await rounds.ask("last", signal);
    expect(taken).toHaveLength(3);
  });

  it("hold nothing against the application while it settles, unless they are the last", async () => {
    const { rounds } = openRounds(() => sick({ database: { kind: "failed", detail: "57P03" } }));

    const asked = [await rounds.ask("due", signal), await rounds.ask("last", signal)];

    expect(asked.map(failing)).toEqual([
      ["tell log errors", "tell database"],
      ["must log errors", "must database"],
    ]);
  });

  it("read the logs anew once it has settled, and go on telling what was logged before", async () => {
    const { clock, rounds, taken } = openRounds((since) => (since === NOON ? sick() : HEALTHY));

    await rounds.ask("due", signal);
    await clock.advance(15_000);
    const checks = await rounds.ask("due", signal);

    expect(taken).toEqual([0, 15_000]);
    expect(failing(checks)).toEqual(["tell log errors while settling"]);
  });

  it("say that nothing could be measured when the look itself fails", async () => {
    const { clock, rounds } = openRounds(() => {
      throw new Error("out of luck");
    });
    await clock.advance(15_000);

    expect(await rounds.ask("due", signal)).toEqual([
      {
        name: "health",
        passed: false,
        detail: "could not be measured: out of luck",
        unmeasured: true,
      },
    ]);
  });
});
