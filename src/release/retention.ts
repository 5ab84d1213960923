import type { KnownRelease } from "../model/history.ts";

/**
 * Captured releases that may go, oldest first: all but the newest `keep`. The one proven last always stays, and so do
 * `protectedIds`: what is running, and what an open recovery goes back to.
 */
export function releasesToPrune(
  known: readonly KnownRelease[],
  keep: number,
  protectedIds: ReadonlySet<string>,
): readonly string[] {
  const [lastProven] = known
    .filter((release) => release.provenAt !== undefined)
    .toSorted((a, b) => (b.provenAt ?? 0) - (a.provenAt ?? 0));
  return known
    .toSorted((a, b) => b.capturedAt - a.capturedAt)
    .slice(keep)
    .filter(({ id }) => id !== lastProven?.id && !protectedIds.has(id))
    .map(({ id }) => id)
    .toReversed();
}
