import { messageOf } from "../model/failure.ts";
import type { Check, Verification } from "../model/verification.ts";
import type { Clock } from "../system/clock.ts";
import type { FreshSignal } from "./fresh.ts";
import type { HealthRounds } from "./health-rounds.ts";
import { progress, type IdentityAnswer, type Progress } from "./progress.ts";
import type { VerifySettings } from "./settings.ts";

/** What a verification looks at. */
export interface VerifyInput {
  readonly clock: Clock;
  readonly settings: Pick<VerifySettings, "steady" | "timeout">;
  /** The signals of this moment, judged afresh since the restart (see `judgeAfresh`). */
  readonly signals: () => readonly FreshSignal[];
  /** Asks whether what runs is what was restored: pid, start time, working directory, served release id. */
  readonly identityChecks: (signal: AbortSignal) => Promise<readonly Check[]>;
  readonly health: HealthRounds;
}

/** Time between two looks, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** Longest time for one round of identity checks, in milliseconds. */
const IDENTITY_DEADLINE_MS = 10_000;

/** Looks until the restored system is proven or the time is out; nothing is proven by health that is not of the last moment. */
export async function verify(input: VerifyInput, signal: AbortSignal): Promise<Verification> {
  const { clock, settings } = input;
  const times = { steadyMs: settings.steady, deadline: clock.monotonic() + settings.timeout };
  let okSince: number | null = null;

  async function look(round: "due" | "last"): Promise<Progress> {
    const health = await input.health.ask(round, signal);
    const identity = await askIdentity(input, signal);
    const seen = { now: clock.monotonic(), signals: input.signals(), identity, health };
    return progress(okSince, seen, times);
  }

  for (;;) {
    let next = await look("due");
    if (next.kind === "decided" && next.verification.result === "proven") {
      next = await look("last");
    }
    if (next.kind === "decided") {
      return { ...next.verification, at: clock.now() };
    }
    okSince = next.okSince;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

async function askIdentity(
  { clock, identityChecks }: VerifyInput,
  signal: AbortSignal,
): Promise<IdentityAnswer> {
  try {
    const checks = await identityChecks(clock.deadline(IDENTITY_DEADLINE_MS, signal));
    return { kind: "answered", checks };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "unanswered", reason: messageOf(error) };
  }
}
