import type { Change } from "./identity.ts";

/**
 * The changes that can have made a breach: they began before its first bad sample (the old identity was last seen at or
 * before it) and lie at most `windowMs` back. Oldest first.
 */
export function changesToBlame(
  changes: readonly Change[],
  since: number,
  windowMs: number,
): readonly Change[] {
  return changes
    .filter((change) => change.after <= since && change.at >= since - windowMs)
    .toSorted((one, other) => one.at - other.at);
}
