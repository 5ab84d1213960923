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
  const before = stateBefore(input);
  const paths = [...new Set(Object.values(input.application.configFiles).flat())];
  return before === undefined
    ? []
    : paths.flatMap((path) => keep(input, before, "configFiles", path));
}

/** The services, as `path`, whose pm2 definitions and environments are left as they are now, for the same reason. Pure. */
export function keptEnvironments(input: KeptInput): readonly KeptFile[] {
  const before = stateBefore(input);
  const names = input.application.services.map((service) => service.name);
  return before === undefined
    ? []
    : names.flatMap((name) => keep(input, before, "definitions", name));
}

interface Before {
  readonly identity: Identity;
  /** When the blamed deployment began. */
  readonly at: number;
}

/** What was deployed right before the blamed deployment, when it was changed since the capture. */
function stateBefore({ target, changes, blamed }: KeptInput): Before | undefined {
  const first = beginningOf(blamed);
  const before = changes.findLast(
    (change) => first !== undefined && change.at < first.at && change.at > target.capturedAt,
  );
  return first === undefined || before === undefined
    ? undefined
    : { identity: before.to, at: first.at };
}

function keep(
  { target, from }: KeptInput,
  before: Before,
  part: "configFiles" | "definitions",
  name: string,
): readonly KeptFile[] {
  const captured = target.identity[part]?.[name];
  const isChanged = from[part]?.[name] !== captured;
  const wasChangedBefore = before.identity[part]?.[name] !== captured;
  const reason = `changed before the deployment of ${tellTime(before.at)}, for another reason`;
  return isChanged && wasChangedBefore ? [{ path: name, reason }] : [];
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
