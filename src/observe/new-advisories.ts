import type { Advisory } from "../system/npm-audit.ts";

/** The advisories of `now` against packages that had them not `before`, each once. */
export function newAdvisories(
  now: readonly Advisory[],
  before: readonly Advisory[],
): readonly Advisory[] {
  const known = new Set(before.map(keyOf));
  return [...new Map(now.map((one) => [keyOf(one), one])).values()].filter(
    (one) => !known.has(keyOf(one)),
  );
}

function keyOf(advisory: Advisory): string {
  return JSON.stringify([advisory.package, advisory.id]);
}
