import type { ApplicationSettings } from "../model/application.ts";
import { isSameRelease, type Identity } from "../model/identity.ts";
import type { History, KnownRelease } from "../model/history.ts";
import type { Readiness, Release } from "../model/release.ts";
import type { Catalogue } from "../release/catalogue.ts";
import { checkRelease } from "../release/readiness.ts";
import type { World } from "./world.ts";

/** What is known of the captured releases' readiness, and how to look again. */
export interface Readinesses {
  get(id: string): Readiness | undefined;
  /** Checks every captured release against its hashes. */
  check(release: Release, signal: AbortSignal): Promise<Readiness>;
  forget(id: string): void;
  /** Why no warm database of it could be made when that was tried last; undefined where nothing failed. */
  whyNotWarm(id: string): string | undefined;
  /** Undefined when one was made. */
  noteNotWarm(id: string, reason: string | undefined): void;
}

/** Nothing checked yet. */
export function openReadinesses(
  world: World,
  catalogue: Catalogue,
  application: ApplicationSettings,
): Readinesses {
  const known = new Map<string, Readiness>();
  const loaded = new Map<string, string | null>();
  const notWarm = new Map<string, string | undefined>();
  return {
    get: (id) => known.get(id),
    check: async (release, signal) => {
      const readiness = await checkRelease(
        { ...world, catalogue, loaded },
        application,
        release,
        signal,
      );
      known.set(release.id, readiness);
      return readiness;
    },
    forget: (id) => {
      known.delete(id);
    },
    whyNotWarm: (id) => notWarm.get(id),
    noteNotWarm: (id, reason) => {
      notWarm.set(id, reason);
    },
  };
}

/** The newest proven release that is not the one deployed and was never rolled back from; undefined when there is none. */
export function newestProvenOther(
  history: History,
  deployed: Identity | undefined,
): KnownRelease | undefined {
  return history.releases
    .filter((one) => one.provenAt !== undefined)
    .filter((one) => deployed === undefined || !isSameRelease(one.identity, deployed))
    .filter((one) => !wasRolledBack(history, one))
    .toSorted((one, other) => (other.provenAt ?? 0) - (one.provenAt ?? 0))[0];
}

/** The release that a rollback goes to when nobody names one: a kept database is put back with what is deployed. */
export function usualTarget(
  history: History,
  deployed: Identity | undefined,
  aside: string | undefined,
): string | undefined {
  const release =
    aside === undefined
      ? newestProvenOther(history, deployed)
      : history.releases.findLast(
          (one) => deployed !== undefined && isSameRelease(one.identity, deployed),
        );
  return release?.id;
}

/** A restart goes back from nothing, nor does one who puts a kept database back: what ran then is still a release to go back to. */
function wasRolledBack(history: History, release: KnownRelease): boolean {
  return history.recoveries
    .filter((one) => one.plan.scope !== "service" && one.plan.aside === undefined)
    .filter((one) => one.attempts.length > 0 && one.ended?.result !== "cancelled")
    .some((one) => isSameRelease(one.plan.from, release.identity));
}
