import type { Before, Change } from "../model/identity.ts";
import type { SignalRule } from "../model/signal.ts";

/** What a relative limit is looked up by. */
export interface Comparison {
  readonly changes: readonly Change[];
  readonly now: number;
  /** How long after a change a signal is compared with what it was before: as long as the change can be blamed. */
  readonly windowMs: number;
  /** Whether the signal's breach has not ended: then it is compared until it has. */
  readonly isUnended: boolean;
}

/**
 * The rule as it is now: one with a relative limit gets the limit that follows from before the newest change of somebody
 * else's. Without such a change, after a rollback of rollwatch's own and when the change is long past it stays as it is, and
 * says nothing.
 */
export function comparedRule(rule: SignalRule, comparison: Comparison): SignalRule {
  if (rule.baseline === undefined) {
    return rule;
  }
  const before = beforeOf(rule.name, comparison);
  return before === undefined ? rule : relativeRule(rule, before.value);
}

/** The rule with the limit that follows from a value (seconds, share, …) before the change. */
export function relativeRule(rule: SignalRule, before: number): SignalRule {
  const { baseline, ...rest } = rule;
  if (baseline === undefined) {
    return rule;
  }
  // Above both: a share of very little is very little, and a step means nothing to what is large.
  const limit = Math.max(before * (1 + baseline.rise), before + baseline.by);
  const { test } = rest;
  if (test.kind === "all") {
    return { ...rest, limit };
  }
  return rest.countsTraffic
    ? { ...rest, limit, test: { ...test, allowed: limit } }
    : { ...rest, limit, test: { ...test, overMs: limit * 1000 } };
}

function beforeOf(
  name: string,
  { changes, now, windowMs, isUnended }: Comparison,
): Before | undefined {
  const at = changes.findLastIndex(
    (one) => one.plan === undefined && one.before?.[name] !== undefined,
  );
  const change = changes[at];
  if (change === undefined) {
    return undefined;
  }
  const isUndone = changes.slice(at + 1).some((one) => one.plan !== undefined);
  const isRecent = now - change.at <= windowMs;
  return isUnended || (isRecent && !isUndone) ? change.before?.[name] : undefined;
}
