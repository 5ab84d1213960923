import { join } from "node:path";
import type { ReleaseCheck } from "../model/actions.ts";
import { assertNever } from "../model/assert-never.ts";
import type { Dump } from "../model/database-record.ts";
import { messageOf } from "../model/failure.ts";
import { openIncident, openRecovery, type KnownRelease } from "../model/history.ts";
import { snapshotMissing } from "../notify/notices-database.ts";
import { cameDue } from "../release/dump-schedule.ts";
import { proveDump } from "../release/prove-dump.ts";
import {
  forgetWarmDatabases,
  makeWarmDatabase,
  removeUnfinishedDatabases,
  type WarmPorts,
} from "../release/warm-database.ts";
import { installJournal, noteSnapshot, pruneJournal } from "../system/postgres-journal.ts";
import type { DatabasePlace } from "../system/postgres-reading.ts";

import type { Daemon } from "./daemon.ts";
import { liveOf } from "./database-rows.ts";
import { deployedRelease, inPeace } from "./dump-schedule.ts";
import { tryLock } from "./locks.ts";
import { warmPortsOf } from "./warm-ports.ts";

/** How often it is looked whether one is due. */
const LOOK_MS = 5000;
/** What failed is tried again after this time: a clone waits for the moment that nobody uses the database. */
const RETRY_MS = { clone: 60_000, online: 15 * 60_000 } as const;
/** How often it is asked whether the warm database is still on the server. */
const STANDING_MS = 60_000;
/** A dump is restored for a proof no more often. */
const PROVE_EVERY_MS = 24 * 60 * 60_000;

/** What was tried last, and what is due. */
interface Course {
  readonly lookedAt: number;
  readonly isScheduled: boolean;
  /** When something failed last, ms since the epoch. */
  readonly failedAt?: number;
  /** When everything stood for that release, ms since the epoch. */
  readonly doneAt?: number;
  readonly release?: string;
}

/**
 * Removes what a kill left half-made; then keeps, where it is configured, one warm database: that of the newest proven release, made
 * when it is proven and at each moment of the schedule, and proves its dump by a restore once a day. Never in an incident.
 */
export async function keepDatabaseWarm(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { config, world, log } = daemon;
  const ports = warmPortsOf(daemon);
  const way = config.database?.rollback.warm ?? "off";
  if (ports === undefined) {
    return;
  }
  await untilTidy(daemon, ports, signal);
  if (way === "off") {
    return;
  }
  let course: Course = { lookedAt: world.clock.now(), isScheduled: false };
  while (!signal.aborted) {
    try {
      course = await look({ daemon, ports, way }, course, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.error({ error: messageOf(error) }, "could not look after warm databases");
    }
    await world.clock.sleep(LOOK_MS, signal);
  }
}

async function untilTidy(daemon: Daemon, ports: WarmPorts, signal: AbortSignal): Promise<void> {
  const { log, world } = daemon;
  for (;;) {
    // A recovery that goes on where it was killed may be making one at this moment.
    if (openRecovery(daemon.journal.history()) !== undefined) {
      await world.clock.sleep(LOOK_MS, signal);
      continue;
    }
    try {
      await tidy(daemon, ports, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      log.error({ error: messageOf(error) }, "could not remove half-made databases");
    }
    await world.clock.sleep(RETRY_MS.clone, signal);
  }
}

async function tidy(daemon: Daemon, ports: WarmPorts, signal: AbortSignal): Promise<void> {
  const removed = await removeUnfinishedDatabases(ports, signal);
  if (removed.length > 0) {
    daemon.log.info({ removed }, "databases that were half made are gone");
  }
  // In an incident a plan may name one: a recovery restored it, or people are asked about it.
  if (isQuiet(daemon) && daemon.config.database?.rollback.warm === "off") {
    await forgetWarmDatabases(ports, undefined, signal);
  }
}

/** What keeps one warm, and how. */
export interface Keeping {
  readonly daemon: Daemon;
  readonly ports: WarmPorts;
  readonly way: "clone" | "online";
}

async function look(keeping: Keeping, course: Course, signal: AbortSignal): Promise<Course> {
  const { daemon, way } = keeping;
  const { world } = daemon;
  const now = world.clock.now();
  const isScheduled = course.isScheduled || cameScheduled(daemon, course.lookedAt, now);
  const next: Course = { ...course, lookedAt: now, isScheduled };
  const release = deployedRelease(daemon);
  if (release?.provenAt === undefined || !isQuiet(daemon) || isTooSoon(next, release.id, way)) {
    return next;
  }
  const came = await keepOne(keeping, release, isScheduled, signal);
  const at = world.clock.now();
  switch (came) {
    case "busy":
      return next;
    case "failed":
      return { lookedAt: now, isScheduled, failedAt: at };
    case "done":
      return { lookedAt: now, isScheduled: false, doneAt: at, release: release.id };
    default:
      return assertNever(came);
  }
}

function cameScheduled({ config }: Daemon, from: number, to: number): boolean {
  const { schedule } = config.database?.dump ?? {};
  return schedule !== undefined && cameDue(schedule, from, to);
}

function isQuiet({ journal }: Daemon): boolean {
  const history = journal.history();
  return openIncident(history) === undefined && openRecovery(history) === undefined;
}

function isTooSoon(
  { lookedAt, isScheduled, failedAt, doneAt, release }: Course,
  id: string,
  way: Keeping["way"],
): boolean {
  const isDone = release === id && !isScheduled;
  return (
    (failedAt !== undefined && lookedAt - failedAt < RETRY_MS[way]) ||
    (isDone && doneAt !== undefined && lookedAt - doneAt < STANDING_MS)
  );
}

/** What is to be done for a release. */
interface Due {
  readonly release: KnownRelease;
  readonly isWarm: boolean;
  readonly isMakingDue: boolean;
  readonly isProofDue: boolean;
}

async function keepOne(
  keeping: Keeping,
  release: KnownRelease,
  isScheduled: boolean,
  signal: AbortSignal,
): Promise<"done" | "busy" | "failed"> {
  const { daemon, ports } = keeping;
  const isWarm = await isStanding(ports, release, signal);
  const record = await ports.catalogue.readDatabase(release.id);
  const isMakingDue = !isWarm || isScheduled;
  const isProofDue = record?.kind === "dump" && wasProvenLongAgo(record, ports.clock.now());
  if (!isMakingDue && !isProofDue) {
    return "done";
  }
  const attempt = tryLock(join(daemon.config.state, "dump.lock"));
  if (attempt.kind === "refused") {
    return "busy";
  }
  try {
    return await work(keeping, { release, isWarm, isMakingDue, isProofDue }, signal);
  } finally {
    attempt.lock.release();
  }
}

async function work(
  keeping: Keeping,
  due: Due,
  signal: AbortSignal,
): Promise<"done" | "busy" | "failed"> {
  const { daemon } = keeping;
  async function doBoth(limited: AbortSignal): Promise<Due> {
    await (due.isMakingDue ? makeWarm(keeping, due.release, limited) : undefined);
    await (due.isProofDue ? prove(keeping, due.release, limited) : undefined);
    return due;
  }
  try {
    return (await inPeace(daemon, doBoth, signal)) === undefined ? "busy" : "done";
  } catch (error) {
    signal.throwIfAborted();
    tell(daemon, due, messageOf(error));
    return "failed";
  }
}

/** Makes the warm database of a release, with its journal where that is wanted. Throws `dump-failed` or `refused`. */
export async function makeWarm(
  { daemon, ports, way }: Keeping,
  release: KnownRelease,
  signal: AbortSignal,
): Promise<void> {
  const { program } = daemon.config.database?.dump ?? {};
  const order = { way, ...(program === undefined ? {} : { program }) };
  const { database } = daemon.config;
  const isJournaled = database?.rollback.journal === true;
  const live = database === undefined ? undefined : liveOf(database, daemon.world.clock);
  // Before the snapshot: what is written between the two would be noted nowhere.
  await (isJournaled && live !== undefined ? installed(daemon, live, signal) : undefined);
  const { name, oid, seconds, snapshot } = await makeWarmDatabase(ports, release.id, order, signal);
  daemon.log.info({ release: release.id, database: name, seconds }, "a warm database is ready");
  daemon.readinesses.noteNotWarm(release.id, undefined);
  if (isJournaled && live !== undefined) {
    await noteSnapshot(live, { oid, snapshot }, signal);
    await pruneJournal(live, snapshot, signal);
  }
}

async function installed(daemon: Daemon, live: DatabasePlace, signal: AbortSignal): Promise<void> {
  const { missing } = await installJournal(live, signal);
  if (missing.length > 0) {
    daemon.log.warn({ missing }, "writes into some tables are not journaled");
  }
}

async function prove(
  { daemon, ports }: Keeping,
  { id: release }: KnownRelease,
  signal: AbortSignal,
): Promise<void> {
  const { program } = daemon.config.database?.dump ?? {};
  const request = { release, ...(program === undefined ? {} : { program }) };
  const { restoreSeconds } = await proveDump(ports, request, signal);
  daemon.log.info({ release, seconds: restoreSeconds }, "a dump is proven by a restore");
}

/** What comes of restoring the dump of a release for a proof, now. */
export async function proveNow(
  daemon: Daemon,
  release: string,
  signal: AbortSignal,
): Promise<Pick<ReleaseCheck, "dump">> {
  const { config } = daemon;
  const ports = warmPortsOf(daemon);
  if (ports === undefined || config.database?.dump === undefined) {
    return {};
  }
  const attempt = tryLock(join(config.state, "dump.lock"));
  if (attempt.kind === "refused") {
    return { dump: { kind: "unproven", reason: "a snapshot is being made right now" } };
  }
  try {
    const { program } = config.database.dump;
    const request = { release, ...(program === undefined ? {} : { program }) };
    const { provenAt = 0, restoreSeconds = 0 } = await proveDump(ports, request, signal);
    return { dump: { kind: "proven", at: provenAt, seconds: restoreSeconds } };
  } catch (error) {
    signal.throwIfAborted();
    return { dump: { kind: "unproven", reason: messageOf(error) } };
  } finally {
    attempt.lock.release();
  }
}

/** Whether it is on the server, whatever its record says: that is forgotten where it is not. */
async function isStanding(
  { beside, catalogue }: WarmPorts,
  { id }: KnownRelease,
  signal: AbortSignal,
): Promise<boolean> {
  const warm = await catalogue.readWarm(id);
  if (warm !== undefined && (await beside.oidOf(warm.name, signal)) !== warm.oid) {
    await catalogue.writeWarm(id, undefined);
    return false;
  }
  return warm !== undefined;
}

function wasProvenLongAgo({ provenAt }: Dump, now: number): boolean {
  return provenAt === undefined || now - provenAt >= PROVE_EVERY_MS;
}

/** Whoever reads the log; and people, where no warm database waits or the dump is unproven. */
function tell(daemon: Daemon, { release: { id }, isWarm, isProofDue }: Due, reason: string): void {
  const { config, log, readinesses, world } = daemon;
  log.warn({ release: id, reason }, "the warm database or the proof of a dump failed");
  if (!isWarm) {
    readinesses.noteNotWarm(id, reason);
  }
  if (!isWarm || isProofDue) {
    const about = { release: id, reason, now: world.clock.now() };
    daemon.tell(snapshotMissing(config.application.name, about));
  }
}
