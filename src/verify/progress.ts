import type { Signal } from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";
import type { Check, Verification } from "../model/verification.ts";

/** What the identity checks said: their answers, or why they could not be asked. */
export type IdentityAnswer =
  | { readonly kind: "answered"; readonly checks: readonly Check[] }
  | { readonly kind: "unanswered"; readonly reason: string };

/** One look at the restored system. */
export interface Look {
  readonly now: number;
  readonly signals: readonly Signal[];
  readonly identity: IdentityAnswer;
}

/** How long a proof takes, in milliseconds. */
export interface ProofTimes {
  readonly steadyMs: number;
  /** The moment after which there is no more waiting, ms since the epoch. */
  readonly deadline: number;
}

/** Where the proof stands: since when everything is fine without a break, or decided. */
export type Progress =
  | { readonly kind: "waiting"; readonly okSince: number | null }
  | { readonly kind: "decided"; readonly verification: Verification };

/** Takes one look into the proof: proven as soon as everything was fine for `steadyMs` without a break. */
export function progress(okSince: number | null, look: Look, times: ProofTimes): Progress {
  const { now } = look;
  const since = isFine(look) ? (okSince ?? now) : null;
  if (since !== null && now - since >= times.steadyMs) {
    return decided("proven", look, {
      passed: true,
      detail: `everything was fine for ${tellDuration(now - since)}`,
    });
  }
  if (now < times.deadline) {
    return { kind: "waiting", okSince: since };
  }
  const needed = tellDuration(times.steadyMs);
  const detail =
    since === null
      ? "something is not fine at the end of the time"
      : `out of time: fine for ${tellDuration(now - since)}, needed ${needed}`;
  return decided(isRefuted(look) ? "not-proven" : "unknown", look, { passed: false, detail });
}

function isFine({ signals, identity }: Look): boolean {
  return (
    signals.length > 0 &&
    signals.every((signal) => signal.state === "ok" && signal.badWindows === 0) &&
    identity.kind === "answered" &&
    identity.checks.every((check) => check.passed)
  );
}

function isRefuted({ signals, identity }: Look): boolean {
  return (
    signals.some((signal) => signal.state === "breach") ||
    (identity.kind === "answered" && identity.checks.some((check) => !check.passed))
  );
}

function decided(
  result: Verification["result"],
  { now, signals, identity }: Look,
  steady: Omit<Check, "name">,
): Progress {
  const checks: readonly Check[] = [
    ...signals.map((signal) => ({
      name: `signal ${signal.name}`,
      passed: signal.state === "ok" && signal.badWindows === 0,
      detail: `${signal.state}: ${signal.reason}`,
    })),
    ...(identity.kind === "answered"
      ? identity.checks
      : [{ name: "identity", passed: false, detail: `could not be asked: ${identity.reason}` }]),
    { name: "steady", ...steady },
  ];
  return { kind: "decided", verification: { result, at: now, checks: [...checks] } };
}
