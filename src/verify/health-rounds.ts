import { messageOf } from "../model/failure.ts";
import type { Health } from "../model/health.ts";
import type { Check } from "../model/verification.ts";
import type { Clock } from "../system/clock.ts";
import { compareHealth, LOG_CHECK } from "./compare.ts";
import type { VerifySettings } from "./settings.ts";

/** What the rounds are made from. */
interface HealthRoundsInput {
  readonly clock: Clock;
  readonly settings: VerifySettings;
  /** Of the release that was restored, when it was proven. */
  readonly baseline: Health | undefined;
  /** When the restored services were started, ms since the epoch. */
  readonly from: number;
  /** Looks at everything; the logs since a moment, ms since the epoch. */
  readonly take: (since: number, signal: AbortSignal) => Promise<Health>;
}

/**
 * Asks for the health of a restored system again and again, not too often.
 *
 * States: settling (nothing is held against it, only told) -> settled; errors logged while settling are told to the end.
 */
export interface HealthRounds {
  /** The checks of the newest round: the last one when it is young enough, a new one when it is `due`, always a new one for `last`. */
  ask(round: "due" | "last", signal: AbortSignal): Promise<readonly Check[]>;
}

/** Time between two rounds, in milliseconds: they count rows and read logs. */
const ROUND_EVERY_MS = 5000;

/** Rounds of which none was asked for yet. */
export function openHealthRounds(input: HealthRoundsInput): HealthRounds {
  const { clock, settings, from } = input;
  const settledAt = from + settings.settle;
  let checks: readonly Check[] = [];
  let early: readonly Check[] = [];
  let nextAt = clock.monotonic();

  async function take(isSettling: boolean, signal: AbortSignal): Promise<readonly Check[]> {
    try {
      const health = await input.take(isSettling ? from : settledAt, signal);
      return compareHealth(health, input.baseline, settings);
    } catch (error) {
      signal.throwIfAborted();
      const detail = `could not be measured: ${messageOf(error)}`;
      return [{ name: "health", passed: false, detail, unmeasured: true }];
    }
  }

  return {
    ask: async (round, signal) => {
      if (round === "due" && clock.monotonic() < nextAt) {
        return checks;
      }
      const isSettling = clock.now() < settledAt;
      const taken = await take(isSettling, signal);
      if (isSettling) {
        early = taken.filter((one) => one.name === LOG_CHECK && !one.passed).map(asEarly);
      }
      const isHeld = !isSettling || round === "last";
      checks = isHeld ? [...taken, ...(isSettling ? [] : early)] : taken.map(asTold);
      nextAt = clock.monotonic() + ROUND_EVERY_MS;
      return checks;
    },
  };
}

function asTold(check: Check): Check {
  return { ...check, weight: "tell" };
}

function asEarly(check: Check): Check {
  return { ...asTold(check), name: `${LOG_CHECK} while settling` };
}
