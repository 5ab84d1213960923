import { messageOf } from "../model/failure.ts";
import type { Health } from "../model/health.ts";
import { openRecovery, waitingRecovery, type KnownRelease } from "../model/history.ts";
import { isSameRelease, type Identity } from "../model/identity.ts";
import { newestFloor } from "../model/security-floor.ts";
import { releaseProven } from "../notify/notices.ts";
import { captureRelease } from "../release/capture.ts";
import { releasesToPrune } from "../release/retention.ts";
import type { Daemon } from "./daemon.ts";
import { forgetDatabases } from "./database-snapshots.ts";
import { takeBaseline } from "./health.ts";
import { keepSchema } from "./schema-standing.ts";

/** How long a baseline stands for a release that goes on being proven. */
const BASELINE_MS = 12 * 60 * 60_000;

/** Makes what is deployed a release one can go back to: captured, noted as proven, told; older captures are pruned. */
export async function proveDeployed(
  daemon: Daemon,
  identity: Identity,
  signal: AbortSignal,
): Promise<void> {
  const { journal, log, config } = daemon;
  const release = await captureDeployed(daemon, identity, signal);
  signal.throwIfAborted();
  // Also for an older capture: what it ran on through this bake time is what it is proven on.
  await keepSchema(daemon, release.id, signal);
  const baseline = await baselineIfDue(daemon, release, signal);
  signal.throwIfAborted();
  // Also when it was proven before: it baked again, so it is the newest proof, and the age of a proof counts.
  journal.record({ kind: "release-proven", release: release.id, ...baseline });
  log.info({ release: release.id }, "release proven healthy");
  const known = journal.history().releases.find((one) => one.id === release.id);
  if (known !== undefined) {
    daemon.tell(releaseProven(config.application.name, known));
  }
  await pruneCaptures(daemon, release.id);
  daemon.warmth.begin();
}

/** A baseline may be tens of kilobytes, and each blip is followed by another proof: one a day is enough. */
async function baselineIfDue(
  daemon: Daemon,
  { baseline: known }: KnownRelease,
  signal: AbortSignal,
): Promise<{ readonly baseline?: Health }> {
  const age = daemon.world.clock.now() - (known?.at ?? -Infinity);
  return age >= 0 && age < BASELINE_MS ? {} : { baseline: await takeBaseline(daemon, signal) };
}

/** A capture of what is deployed: the one there is of just this release, else a new one. */
export async function captureDeployed(
  daemon: Daemon,
  identity: Identity,
  signal: AbortSignal,
): Promise<KnownRelease> {
  return (await existingCapture(daemon, identity)) ?? (await capture(daemon, identity, signal));
}

/** A capture of just this release that is still in the catalogue; a kill may have left it without its proof. */
async function existingCapture(
  daemon: Daemon,
  identity: Identity,
): Promise<KnownRelease | undefined> {
  const { journal, catalogue } = daemon;
  const known = journal
    .history()
    .releases.findLast(
      (one) =>
        isSameRelease(one.identity, identity) &&
        one.identity.schema === identity.schema &&
        one.identity.served === identity.served,
    );
  const items = known === undefined ? [] : await catalogue.list();
  return items.some((item) => item.kind === "release" && item.release.id === known?.id)
    ? known
    : undefined;
}

async function capture(
  daemon: Daemon,
  identity: Identity,
  signal: AbortSignal,
): Promise<KnownRelease> {
  const { world, config, journal, readinesses } = daemon;
  const { application, state: stateFolder } = config;
  const now = world.clock.now();
  const id = world.ids.next("rel", now);
  const request = { application, stateFolder, id, now, identity };
  const release = await captureRelease(world, request, signal);
  journal.record({
    kind: "release-captured",
    release: id,
    identity: release.identity,
    tag: release.tag,
  });
  await readinesses.check(release, signal);
  return { id, identity: release.identity, tag: release.tag, capturedAt: now };
}

/**
 * Captures beyond `release.keep` but for what runs, what was proven last, the newest security floor, and what a plan that is open
 * or waits goes back to.
 */
export function prunableCaptures(
  { journal, config }: Pick<Daemon, "config" | "journal">,
  running: string | undefined,
): readonly string[] {
  const history = journal.history();
  const planned = [openRecovery(history), waitingRecovery(history)].flatMap(
    (recovery) => recovery?.plan.target ?? [],
  );
  const floor = newestFloor(history);
  const protectedIds = new Set([
    ...(running === undefined ? [] : [running]),
    ...(floor === undefined ? [] : [floor.release]),
    ...planned,
  ]);
  return releasesToPrune(history.releases, config.release.keep, protectedIds);
}

/** Deletes them; returns their ids. One whose snapshot of the database cannot be removed stays until it can. */
export async function pruneCaptures(
  daemon: Daemon,
  running: string | undefined,
): Promise<readonly string[]> {
  const { journal, catalogue, readinesses, log } = daemon;
  const pruned: string[] = [];
  for (const id of prunableCaptures(daemon, running)) {
    try {
      await forgetDatabases(daemon, id);
    } catch (error) {
      log.error({ release: id, error: messageOf(error) }, "could not remove a database snapshot");
      continue;
    }
    await catalogue.remove(id);
    journal.record({ kind: "release-pruned", release: id });
    readinesses.forget(id);
    pruned.push(id);
  }
  return pruned;
}
