import type { History, KnownRelease } from "./history.ts";
import { isSameRelease, type Identity } from "./identity.ts";

/** A release below which rollwatch never goes by itself: it mends what a person calls a security matter. */
export interface SecurityFloor {
  readonly release: string;
  /** Of the release, which may have been pruned since. */
  readonly identity: Identity;
  readonly capturedAt: number;
  readonly by: string;
  readonly reason: string;
  /** When it was marked. */
  readonly at: number;
}

type Deployed = Pick<KnownRelease, "identity" | "capturedAt">;

/**
 * The newest security floor that lies above a release; undefined when none does. Older is what was captured before the floor, and
 * also a later capture of a commit that was deployed before the floor's.
 */
export function floorAbove(history: History, release: Deployed): SecurityFloor | undefined {
  return newestFirst(history).find(
    (floor) =>
      !isSameRelease(release.identity, floor.identity) &&
      (release.capturedAt < floor.capturedAt ||
        firstSeen(history, release) < firstSeen(history, floor)),
  );
}

/** The security floor that was captured last; undefined when no release is marked. */
export function newestFloor(history: History): SecurityFloor | undefined {
  return newestFirst(history)[0];
}

function newestFirst({ floors }: History): readonly SecurityFloor[] {
  return floors.toSorted((one, other) => other.capturedAt - one.capturedAt);
}

/** When the code of a release was first seen, as far as that is remembered. */
function firstSeen({ changes, releases }: History, { identity, capturedAt }: Deployed): number {
  const seen = [
    ...changes.map(({ to, at }) => ({ identity: to, at })),
    ...releases.map((one) => ({ identity: one.identity, at: one.capturedAt })),
  ];
  const same = seen.filter((one) => isSameCode(one.identity, identity)).map(({ at }) => at);
  return Math.min(capturedAt, ...same);
}

function isSameCode(one: Identity, other: Identity): boolean {
  const code = one.commit ?? one.content ?? null;
  return code !== null && code === (other.commit ?? other.content ?? null);
}
