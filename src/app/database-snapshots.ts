import { join } from "node:path";
import type { DatabaseRecord } from "../model/database-record.ts";
import { messageOf } from "../model/failure.ts";
import type { KnownRelease } from "../model/history.ts";
import { dumpDatabase, forgetDump } from "../release/dump.ts";
import { forgetWarmDatabase } from "../release/warm-database.ts";
import type { Daemon } from "./daemon.ts";
import { tryLock } from "./locks.ts";
import { warmPortsOf } from "./warm-ports.ts";
import type { World } from "./world.ts";

/** Longest time for dropping a clone. */
const FORGET_MS = 60_000;

/** What came of asking for a snapshot: none is configured, somebody else makes one, or what was made or why it was not. */
export type SnapshotTaken =
  | { readonly kind: "not-configured" }
  | { readonly kind: "busy" }
  | { readonly kind: "taken"; readonly record: DatabaseRecord };

/**
 * Makes the snapshot of the database that belongs to a captured release. A failure is noted with the release, unless an
 * older snapshot stands, and never thrown: the application's rollback does not need it.
 */
export async function takeSnapshot(
  daemon: Daemon,
  release: KnownRelease,
  signal: AbortSignal,
): Promise<SnapshotTaken> {
  const { config, world } = daemon;
  const { dumping } = world;
  if (dumping === undefined) {
    return { kind: "not-configured" };
  }
  const attempt = tryLock(join(config.state, "dump.lock"));
  if (attempt.kind === "refused") {
    return { kind: "busy" };
  }
  try {
    const record = await daemon.apart.snapshot(
      async () => dumpOrTell(daemon, dumping, release, signal),
      signal,
    );
    return { kind: "taken", record };
  } finally {
    attempt.lock.release();
  }
}

async function dumpOrTell(
  daemon: Daemon,
  dumping: NonNullable<World["dumping"]>,
  release: KnownRelease,
  signal: AbortSignal,
): Promise<DatabaseRecord> {
  const { config, world, catalogue, readinesses, log } = daemon;
  let record: DatabaseRecord;
  try {
    record = await dumpDatabase(
      {
        ...world,
        catalogue,
        ...dumping,
        revision: async (deadline) => world.database?.schemaRevision(deadline) ?? null,
      },
      {
        release: release.id,
        schema: release.identity.schema,
        application: config.application.name,
        settings: config.database?.dump ?? {},
      },
      signal,
    );
    log.info({ release: release.id, kind: record.kind }, "a snapshot of the database is kept");
  } catch (error) {
    signal.throwIfAborted();
    record = { kind: "none", at: world.clock.now(), reason: messageOf(error) };
    log.warn({ release: release.id, reason: record.reason }, "no snapshot of the database");
    const before = await catalogue.readDatabase(release.id);
    if (before === undefined || before.kind === "none") {
      await catalogue.writeDatabase(release.id, record);
    }
  }
  await readinesses.check(await catalogue.get(release.id), signal);
  return record;
}

/** Removes what a release's snapshot left outside its folder. */
export async function forgetSnapshot({ world, catalogue }: Daemon, id: string): Promise<void> {
  const record = await catalogue.readDatabase(id);
  if (record !== undefined && record.kind !== "none" && world.dumping !== undefined) {
    const { files, clock, dumping } = world;
    const limited = clock.deadline(FORGET_MS, new AbortController().signal);
    await forgetDump({ files, source: dumping.source }, record, limited);
  }
}

/** Removes also the warm database of a release that goes. */
export async function forgetDatabases(daemon: Daemon, id: string): Promise<void> {
  const ports = warmPortsOf(daemon);
  if (ports !== undefined) {
    const limited = daemon.world.clock.deadline(FORGET_MS, new AbortController().signal);
    await forgetWarmDatabase(ports, id, limited);
  }
  await forgetSnapshot(daemon, id);
}

/** Removes snapshots that are older than `database.dump.keep`, but for that of `kept`. */
export async function expireDumps(
  daemon: Daemon,
  kept: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { config, world, catalogue } = daemon;
  const keepMs = config.database?.dump?.keep;
  if (keepMs === undefined) {
    return;
  }
  const now = world.clock.now();
  for (const { id } of daemon.journal.history().releases.filter((one) => one.id !== kept)) {
    signal.throwIfAborted();
    const record = await catalogue.readDatabase(id);
    if (record !== undefined && record.kind !== "none" && now - record.at > keepMs) {
      await expire(daemon, id, record);
    }
  }
}

async function expire(daemon: Daemon, id: string, record: DatabaseRecord): Promise<void> {
  const { world, catalogue, log } = daemon;
  try {
    await forgetSnapshot(daemon, id);
  } catch (error) {
    // Tried again at the next check; the captures are to be checked all the same.
    log.error({ release: id, error: messageOf(error) }, "could not remove a database snapshot");
    return;
  }
  const reason = "it was older than `database.dump.keep` and was removed";
  await catalogue.writeDatabase(id, { kind: "none", at: world.clock.now(), reason });
  if (record.kind === "dump") {
    await world.files.remove(join(catalogue.folderOf(id), record.file));
  }
  log.info({ release: id }, "a snapshot of the database has expired");
}
