import { messageOf } from "../model/failure.ts";
import type { Signal } from "../model/signal.ts";
import type { Check, Verification } from "../model/verification.ts";
import type { Clock } from "../system/clock.ts";
import { progress, type IdentityAnswer } from "./progress.ts";
import type { VerifySettings } from "./settings.ts";

/** What a verification looks at. */
export interface VerifyInput {
  readonly clock: Clock;
  readonly settings: VerifySettings;
  /** The signals of this moment, judged afresh since the restart (see `judgeAfresh`). */
  readonly signals: () => readonly Signal[];
  /** Asks whether what runs is what was restored: pid, start time, working directory, served release id. */
  readonly identityChecks: (signal: AbortSignal) => Promise<readonly Check[]>;
}

/** Time between two looks, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** Longest time for one round of identity checks, in milliseconds. */
const IDENTITY_DEADLINE_MS = 10_000;

/** Looks until the restored system is proven or the time is out. */
export async function verify(input: VerifyInput, signal: AbortSignal): Promise<Verification> {
  const { clock, settings } = input;
  const times = { steadyMs: settings.steady, deadline: clock.monotonic() + settings.timeout };
  let okSince: number | null = null;
  for (;;) {
    const identity = await askIdentity(input, signal);
    const look = { now: clock.monotonic(), signals: input.signals(), identity };
    const next = progress(okSince, look, times);
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
