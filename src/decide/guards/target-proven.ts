import { isSameRelease, type Identity } from "../../model/identity.ts";
import { tellDuration } from "../../model/units.ts";
import type { BreachSituation } from "../situation.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";

/** Whether there is a release to go back to: the newest proven one that is not running, one release and a few days back at most. */
export const targetProven: Guard = { id: "target-proven", check };

function check(situation: BreachSituation): Opinion {
  const { target, identity, history, now, policy } = situation;
  if (target.kind === "none") {
    return hold(`there is nothing to go back to: ${target.reason}`);
  }
  const { release, provenAt } = target;
  if (provenAt === undefined) {
    return recommend(`${release.id} was never proven healthy`);
  }
  if (isSameRelease(release.identity, identity)) {
    return recommend(`${release.id} is what is deployed already`);
  }
  const newer = history.releases.find(
    (one) =>
      (one.provenAt ?? 0) > provenAt &&
      one.id !== release.id &&
      !isSameRelease(one.identity, identity),
  );
  if (newer !== undefined) {
    return recommend(`${newer.id} was proven after ${release.id}`);
  }
  const ageMs = now - provenAt;
  if (ageMs > policy.brakes.maxReleaseAge) {
    const limit = tellDuration(policy.brakes.maxReleaseAge);
    return recommend(
      `${release.id} was last proven healthy ${tellDuration(ageMs)} ago, limit ${limit}`,
    );
  }
  const between = deployedSince(situation, release.identity);
  return between.length > 1
    ? recommend(
        `${release.id} is ${between.length} releases back: ${between.join(", ")} came after it`,
      )
    : allow(`${release.id} was proven healthy ${tellDuration(now - provenAt)} ago`);
}

/** The releases that were deployed since `target` was last what is deployed, newest first. */
function deployedSince(situation: BreachSituation, target: Identity): readonly string[] {
  const since: string[] = [];
  for (const change of situation.history.changes.toReversed()) {
    if (isSameRelease(change.to, target)) {
      break;
    }
    const name = nameOf(change.to);
    if (name !== nameOf(target) && !since.includes(name)) {
      since.push(name);
    }
  }
  return since;
}

/** One deployment is seen in several changes (commit first, served id later); its commit holds them together. */
function nameOf(identity: Identity): string {
  return identity.commit ?? identity.served ?? identity.lockfile ?? "an unknown release";
}
