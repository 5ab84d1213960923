import type { ApplicationSettings } from "../model/application.ts";
import type { Change, Identity } from "../model/identity.ts";
import type { Release } from "../model/release.ts";
import { tellTime } from "../model/units.ts";
import type { KeptFile } from "../recover/plan-input.ts";

/** Changes that follow each other within this time are one deployment. */
const DEPLOYMENT_MS = 5 * 60_000;

/** What decides about the configuration files of a rollback. */
export interface KeptInput {
  readonly application: ApplicationSettings;
  readonly target: Release;
  /** What is deployed now. */
  readonly from: Identity;
  /** Every change known, oldest first. */
  readonly changes: readonly Change[];
  /** Those that are blamed for the breach, oldest first. */
  readonly blamed: readonly Change[];
}

/**
 * The configuration files that a rollback leaves as they are now: they were changed after the capture, but before the
 * blamed deployment. An old file must not revive what was changed for another reason, such as a revoked password. Pure.
 */
export function keptFiles(input: KeptInput): readonly KeptFile[] {
  const { application, target, from, changes, blamed } = input;
  const first = beginningOf(blamed);
  const before = changes.findLast(
    (change) => first !== undefined && change.at < first.at && change.at > target.capturedAt,
  );
  if (first === undefined || before === undefined) {
    return [];
  }
  const { environment, database, monitoring } = application.configFiles;
  return [...environment, ...database, ...monitoring].flatMap((path) => {
    const captured = target.identity.configFiles?.[path];
    const isChanged = from.configFiles?.[path] !== captured;
    const wasChangedBefore = before.to.configFiles?.[path] !== captured;
    const reason = `changed before the deployment of ${tellTime(first.at)}, for another reason`;
    return isChanged && wasChangedBefore ? [{ path, reason }] : [];
  });
}

/**
 * Where the newest of the blamed deployments began: it is seen in several changes (the commit, then what is served). The
 * ones before it are suspects too, but the application was well on them, so what they changed is left alone.
 */
function beginningOf(blamed: readonly Change[]): Change | undefined {
  let first = blamed.at(-1);
  for (const change of blamed.toReversed()) {
    first = first !== undefined && first.at - change.at <= DEPLOYMENT_MS ? change : first;
  }
  return first;
}
