import { isWell } from "../model/signal.ts";
import { tellDuration } from "../model/units.ts";
import type { Check, Verification } from "../model/verification.ts";
import type { FreshSignal } from "./fresh.ts";

/** What the identity checks said: their answers, or why they could not be asked. */
export type IdentityAnswer =
  | { readonly kind: "answered"; readonly checks: readonly Check[] }
  | { readonly kind: "unanswered"; readonly reason: string };

/** One look at the restored system. */
export interface Look {
  readonly now: number;
  readonly signals: readonly FreshSignal[];
  readonly identity: IdentityAnswer;
  /** The newest health checks. */
  readonly health: readonly Check[];
}

/** How long a proof takes, in milliseconds. */
export interface ProofTimes {
  readonly steadyMs: number;
  /** The moment after which there is no more waiting, ms since the epoch. */
  readonly deadline: number;
}

/** Where the proof stands: since when nothing was wrong without a break, or decided. */
export type Progress =
  | { readonly kind: "waiting"; readonly okSince: number | null }
  | { readonly kind: "decided"; readonly verification: Verification };

/**
 * Takes one look into the proof: proven as soon as nothing was wrong for `steadyMs` without a break and every signal has
 * said that it is well. A signal whose first window is still open delays the proof, and does not begin it anew.
 */
export function progress(okSince: number | null, look: Look, times: ProofTimes): Progress {
  const { now } = look;
  const since = isFine(look) ? (okSince ?? now) : null;
  const isHeard = look.signals.every(isWell);
  if (since !== null && isHeard && now - since >= times.steadyMs) {
    return decided("proven", look, {
      passed: true,
      detail: `everything was fine for ${tellDuration(now - since)}`,
    });
  }
  if (now < times.deadline) {
    return { kind: "waiting", okSince: since };
  }
  const detail = whyNot(since, isHeard, { now, steadyMs: times.steadyMs });
  return decided(isRefuted(look) ? "not-proven" : "unknown", look, { passed: false, detail });
}

function whyNot(
  since: number | null,
  isHeard: boolean,
  { now, steadyMs }: { readonly now: number; readonly steadyMs: number },
): string {
  if (since === null) {
    return "something is not fine at the end of the time";
  }
  const fine = `out of time: fine for ${tellDuration(now - since)}`;
  return isHeard
    ? `${fine}, needed ${tellDuration(steadyMs)}`
    : `${fine}, and not every signal has finished a window`;
}

function isFine({ signals, identity, health }: Look): boolean {
  return (
    signals.length > 0 &&
    signals.every((signal) => isWell(signal) || signal.isPending === true) &&
    identity.kind === "answered" &&
    [...identity.checks, ...health].every(isKept)
  );
}

/** Whether the proof may stand beside this answer. */
function isKept({ passed, weight }: Check): boolean {
  return passed || weight === "tell";
}

function isRefuted({ signals, identity, health }: Look): boolean {
  const checks = identity.kind === "answered" ? [...identity.checks, ...health] : health;
  return (
    signals.some((signal) => signal.state === "breach") ||
    checks.some((check) => !isKept(check) && check.unmeasured !== true)
  );
}

function decided(
  result: Verification["result"],
  { now, signals, identity, health }: Look,
  steady: Omit<Check, "name">,
): Progress {
  const checks: readonly Check[] = [
    ...signals.map((signal) => ({
      name: `signal ${signal.name}`,
      passed: isWell(signal),
      detail: `${signal.state}: ${signal.reason}`,
    })),
    ...(identity.kind === "answered"
      ? identity.checks
      : [{ name: "identity", passed: false, detail: `could not be asked: ${identity.reason}` }]),
    ...health,
    { name: "steady", ...steady },
  ];
  return { kind: "decided", verification: { result, at: now, checks: [...checks] } };
}
