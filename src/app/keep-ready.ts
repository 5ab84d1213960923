import { messageOf } from "../model/failure.ts";
import type { History, KnownRelease } from "../model/history.ts";
import type { Daemon } from "./daemon.ts";
import { expireDumps } from "./database-snapshots.ts";
import { keepDumped } from "./dump-schedule.ts";
import { keepBallast } from "./keep-ballast.ts";
import { offerKeptRows } from "./kept-rows.ts";
import { keepDatabaseWarm } from "./warm-databases.ts";

/** Keeps a rollback possible: captures are checked, a warm copy and snapshots of the database are made, and what a swap replaced is offered back. */
export async function keepReady(daemon: Daemon, signal: AbortSignal): Promise<void> {
  await Promise.all([
    keepChecked(daemon, signal),
    keepDumped(daemon, signal),
    keepDatabaseWarm(daemon, signal),
    offerKeptRows(daemon, signal),
    keepBallast(daemon, signal),
  ]);
}

/** Checks the captures again and again, so that a damaged one is known before it is needed. */
async function keepChecked(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { world, config, log } = daemon;
  while (!signal.aborted) {
    try {
      await expireDumps(daemon, newestProven(daemon.journal.history())?.id, signal);
      await checkAll(daemon, signal);
      daemon.warmth.begin();
    } catch (error) {
      signal.throwIfAborted();
      log.error({ error: messageOf(error) }, "could not check the captured releases");
    }
    await world.clock.sleep(config.release.verifyEvery, signal);
  }
}

/** The release that a rollback would go to when what is deployed, or is deployed next, turns out bad. */
export function newestProven(history: History): KnownRelease | undefined {
  return history.releases
    .filter((one) => one.provenAt !== undefined)
    .toSorted((one, other) => (other.provenAt ?? 0) - (one.provenAt ?? 0))[0];
}

async function checkAll(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { catalogue, readinesses, log } = daemon;
  for (const item of await catalogue.list()) {
    if (item.kind === "problem") {
      log.error({ release: item.id, reason: item.reason }, "a captured release cannot be read");
      continue;
    }
    const readiness = await readinesses.check(item.release, signal);
    if (readiness.kind === "not-ready") {
      const { problems } = readiness;
      log.error({ release: item.release.id, problems }, "a captured release is not ready");
    }
    if (readiness.databaseProblems !== undefined) {
      const problems = readiness.databaseProblems;
      log.warn(
        { release: item.release.id, problems },
        "a release lacks a snapshot of the database",
      );
    }
  }
}
