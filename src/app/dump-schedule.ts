import type { DatabaseRecord } from "../model/database-record.ts";
import { messageOf } from "../model/failure.ts";
import { openIncident, openRecovery, type KnownRelease } from "../model/history.ts";
import { isSameRelease } from "../model/identity.ts";
import { cameDue } from "../release/dump-schedule.ts";
import { childOf } from "../system/abort.ts";
import { takeSnapshot } from "./database-snapshots.ts";
import type { Daemon } from "./daemon.ts";

/** How often it is looked whether a snapshot is due. */
const LOOK_MS = 5000;
/** A snapshot that failed is tried again after this time. */
const RETRY_MS = 15 * 60_000;

/**
 * Sees to it that the deployed release, once captured, keeps a snapshot of the database, and a fresh one at each moment of the
 * schedule. Never while an incident is open: what the database holds then is in doubt.
 */
export async function keepDumped(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { world, config, log } = daemon;
  const { schedule } = config.database?.dump ?? {};
  if (world.dumping === undefined) {
    return;
  }
  let lookedAt = world.clock.now();
  let isScheduled = false;
  while (!signal.aborted) {
    const now = world.clock.now();
    isScheduled ||= schedule !== undefined && cameDue(schedule, lookedAt, now);
    lookedAt = now;
    try {
      isScheduled = (await dumpIfDue(daemon, isScheduled, signal)) ? false : isScheduled;
    } catch (error) {
      signal.throwIfAborted();
      log.error({ error: messageOf(error) }, "could not look whether a snapshot is due");
    }
    await world.clock.sleep(LOOK_MS, signal);
  }
}

/** Whether one was tried. */
async function dumpIfDue(
  daemon: Daemon,
  isScheduled: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const { journal, catalogue, world } = daemon;
  const history = journal.history();
  const release = deployedRelease(daemon);
  if (
    release === undefined ||
    openIncident(history) !== undefined ||
    openRecovery(history) !== undefined
  ) {
    return false;
  }
  const record = await catalogue.readDatabase(release.id);
  const isFreshDue = isScheduled && release.provenAt !== undefined && record?.kind !== "clone";
  if (!isFreshDue && !isMissing(record, world.clock.now())) {
    return false;
  }
  return snapshotInPeace(daemon, release, signal);
}

/** Whether one was tried. */
async function snapshotInPeace(
  daemon: Daemon,
  release: KnownRelease,
  signal: AbortSignal,
): Promise<boolean> {
  const taken = await inPeace(
    daemon,
    async (limited) => takeSnapshot(daemon, release, limited),
    signal,
  );
  if (taken === undefined) {
    daemon.log.info({ release: release.id }, "a snapshot was given up: an incident began");
  }
  return taken?.kind === "taken";
}

/**
 * Does work on all of the database. It is given up, with undefined, when an incident or a recovery begins: it costs the database
 * much, and its moment is in doubt.
 */
export async function inPeace<T extends object>(
  daemon: Daemon,
  task: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const work = childOf(signal);
  const stopListening = daemon.journal.onEntry(({ fact }) => {
    if (fact.kind === "incident-opened" || fact.kind === "planned") {
      work.abort("an incident began");
    }
  });
  try {
    return await task(work.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!work.signal.aborted) {
      throw error;
    }
    return undefined;
  } finally {
    stopListening();
    work.release();
  }
}

function isMissing(record: DatabaseRecord | undefined, now: number): boolean {
  return record === undefined || (record.kind === "none" && now - record.at >= RETRY_MS);
}

/** The capture of what is deployed; undefined when there is none, or when the schema is another one. */
export function deployedRelease({ journal, surroundings }: Daemon): KnownRelease | undefined {
  const identity = surroundings.identity()?.value;
  return journal
    .history()
    .releases.findLast(
      (one) =>
        identity !== undefined &&
        isSameRelease(one.identity, identity) &&
        one.identity.schema === identity.schema,
    );
}
