import type { Dump } from "../model/database-record.ts";
import { Failure } from "../model/failure.ts";
import type { WarmDatabase } from "../model/warm-database.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { DatabasesBeside, LiveDatabase } from "../system/postgres-beside.ts";
import type { Contents } from "../system/postgres-contents.ts";
import type { DumpProgram, PostgresPrograms } from "../system/postgres-programs.ts";
import type { CopyWay } from "../system/postgres-refusals.ts";
import type { PostgresRestore } from "../system/postgres-restore.ts";
import type { DatabaseFacts, DatabaseSource } from "../system/postgres-source.ts";
import { deadlineMsOf } from "./dump.ts";
import { readFingerprint } from "./schema-fingerprint.ts";
import { bytesNeeded } from "./space.ts";
import { forgetDatabase, noteDatabase, schemaFileOf } from "./unfinished-databases.ts";

/** Longest time for dropping what was half made. */
const CLEAN_UP_MS = 30_000;

/** What makes databases beside the live one. */
export interface BesidePorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly programs: PostgresPrograms;
  readonly restorer: PostgresRestore;
  /** The live database, as the role of `database.rollback.url`. */
  readonly source: DatabaseSource;
  readonly beside: DatabasesBeside;
  /** rollwatch's own folder, where it is noted what is being made. */
  readonly stateFolder: string;
}

/** What is to be made. */
export type BesideOrder = (
  | { readonly way: "clone" | "online" }
  /** `path` is the dump's file. */
  | { readonly way: "restored"; readonly dump: Dump; readonly path: string }
) & {
  readonly name: string;
  /** The pg_dump to use, absolute. Default: the newest one of this machine. */
  readonly program?: string;
};

/** What is known before anything is made. */
interface Course {
  readonly order: BesideOrder;
  readonly live: LiveDatabase;
  readonly facts: DatabaseFacts;
  /** Undefined for a clone where there is none. */
  readonly program: DumpProgram | undefined;
}

/** What the copy has to be like. */
interface Wanted {
  readonly at: number;
  readonly snapshot: string;
  readonly rows: Contents["rows"];
  readonly sequences: Contents["sequences"];
  readonly invalidIndexes: Contents["invalidIndexes"];
  readonly schemaFingerprint: string;
}

/**
 * Makes a database beside the live one, proves that it is alike, and closes it to connections. Throws `dump-failed`, before anything
 * was made where that can be known; what was made is dropped then. `keep` writes its record: until that stands, it is known as unfinished.
 */
export async function makeBeside(
  ports: BesidePorts,
  order: BesideOrder,
  keep: (made: WarmDatabase) => Promise<void>,
  signal: AbortSignal,
): Promise<WarmDatabase> {
  const { clock, files, stateFolder } = ports;
  const began = clock.monotonic();
  const course = await prepare(ports, order, signal);
  const limited = clock.deadline(deadlineMsOf(course.facts), signal);
  await noteDatabase(files, stateFolder, { name: order.name, oid: null });
  try {
    const made = await make(ports, course, limited);
    const { systemIdentifier, serverVersion } = course.facts;
    const { name, oid } = course.live;
    const seconds = (clock.monotonic() - began) / 1000;
    const about = { live: { name, oid }, systemIdentifier, serverVersion, how: order.way, seconds };
    const warm: WarmDatabase = { ...about, ...made, name: order.name };
    await keep(warm);
    await forgetDatabase(files, stateFolder, order.name);
    return warm;
  } catch (error) {
    await removeHalfMade(ports, order.name);
    throw error;
  }
}

/** Also after an abort. Where the server does not let it, its note stays for the next start. */
async function removeHalfMade(
  { beside, clock, files, stateFolder }: BesidePorts,
  name: string,
): Promise<void> {
  const patience = clock.deadline(CLEAN_UP_MS, new AbortController().signal);
  try {
    await beside.drop({ name, oid: null }, patience);
  } catch {
    return;
  }
  await forgetDatabase(files, stateFolder, name);
}

/** Everything that can be refused before anything is changed. */
async function prepare(
  ports: BesidePorts,
  order: BesideOrder,
  signal: AbortSignal,
): Promise<Course> {
  const { beside, source, programs } = ports;
  const facts = await source.facts(signal);
  const live = await beside.live(signal);
  const program = await programs.find(facts.serverMajor, order.program, signal);
  const needsProgram = order.way !== "clone";
  const refusals = [
    ...(await beside.refusals(order.way, signal)),
    ...(needsProgram && program === undefined
      ? [`there is no pg_dump of version ${facts.serverMajor} or later beside a pg_restore`]
      : []),
    ...(await tellSpace(ports.files, live, facts)),
    ...((await beside.oidOf(order.name, signal)) === undefined
      ? []
      : [`there is a database ${order.name} already`]),
    ...(order.way === "restored" ? foreignDump(order.dump, facts) : []),
  ];
  if (refusals.length > 0) {
    throw refused(order.way, refusals.join("; "));
  }
  return { order, live, facts, program };
}

/** A dump of another database must never stand in this one's place. */
function foreignDump(dump: Dump, facts: DatabaseFacts): readonly string[] {
  const isOther =
    dump.database !== facts.database ||
    (dump.systemIdentifier !== null &&
      facts.systemIdentifier !== null &&
      dump.systemIdentifier !== facts.systemIdentifier);
  return isOther
    ? [
        `it is a dump of ${dump.database} in cluster ${dump.systemIdentifier ?? "unknown"}, this is ${facts.database} in ${facts.systemIdentifier ?? "unknown"}`,
      ]
    : [];
}

async function tellSpace(
  files: Files,
  { dataDirectory }: LiveDatabase,
  { bytes }: DatabaseFacts,
): Promise<readonly string[]> {
  const free =
    dataDirectory === null
      ? undefined
      : await files.freeBytes(dataDirectory).catch(() => undefined);
  const needed = bytesNeeded([{ path: "", kind: "file", digest: "", files: 1, bytes }]);
  return free !== undefined && free < needed
    ? [`a second database needs ${needed} bytes in ${dataDirectory}, ${free} are free`]
    : [];
}

type Made = Pick<
  WarmDatabase,
  "oid" | "at" | "rows" | "schemaFingerprint" | "snapshot" | "properties"
>;

async function make(ports: BesidePorts, course: Course, signal: AbortSignal): Promise<Made> {
  const { beside } = ports;
  const { name, way } = course.order;
  const { oid, wanted } = await fill(ports, course, signal);
  if (way !== "clone") {
    await beside.analyze(name, signal);
  }
  const found = await beside.look(name, signal);
  const schemaFingerprint = await fingerprintOf(ports, course, { database: name }, signal);
  requireAlike(way, wanted, { ...found, schemaFingerprint });
  const properties = await beside.copyProperties(name, signal);
  await beside.close(name, signal);
  const { at, snapshot, rows } = wanted;
  return { oid, at, snapshot, rows: { ...rows }, schemaFingerprint, properties };
}

async function fill(
  ports: BesidePorts,
  course: Course,
  signal: AbortSignal,
): Promise<{ readonly oid: number; readonly wanted: Wanted }> {
  const { source, clock } = ports;
  const { order } = course;
  if (order.way === "restored") {
    const { dump } = order;
    const oid = await restore(ports, course, { file: order.path }, signal);
    const { at, rows, schemaFingerprint, snapshot = "" } = dump;
    const wanted = { at, rows, schemaFingerprint, snapshot, sequences: [], invalidIndexes: [] };
    return { oid, wanted };
  }
  return source
    .withSnapshot(async ({ name: snapshot, xids, ...contents }, limited) => {
      const at = clock.now();
      const schemaFingerprint = await fingerprintOf(ports, course, { snapshot }, limited);
      const wanted = { ...contents, at, snapshot: xids, schemaFingerprint };
      const oid =
        order.way === "online" ? await restore(ports, course, { snapshot }, limited) : undefined;
      return { oid, wanted };
    }, signal)
    .then(async ({ oid, wanted }) => ({
      wanted,
      // Only now: the server clones no database that the snapshot's own session uses.
      oid: oid ?? (await cloned(ports, order.name, signal)),
    }));
}

async function cloned(
  { beside, files, stateFolder }: BesidePorts,
  name: string,
  signal: AbortSignal,
): Promise<number> {
  const oid = await beside.clone(name, signal);
  await noteDatabase(files, stateFolder, { name, oid });
  return oid;
}

async function restore(
  { beside, files, restorer, source, stateFolder }: BesidePorts,
  { order, program, facts }: Course,
  from: { readonly file: string } | { readonly snapshot: string },
  signal: AbortSignal,
): Promise<number> {
  if (program === undefined) {
    throw refused(order.way, "there is no pg_restore");
  }
  const { name } = order;
  const oid = await beside.create(name, signal);
  await noteDatabase(files, stateFolder, { name, oid });
  const connection = source.environment;
  const common = { program, connection, into: name, deadlineMs: deadlineMsOf(facts) };
  await ("file" in from
    ? restorer.restore({ ...common, ...from }, signal)
    : restorer.copy({ ...common, ...from }, signal));
  return oid;
}

/** Empty where there is no pg_dump: a clone is one of files. */
async function fingerprintOf(
  ports: BesidePorts,
  { order, program, facts }: Course,
  { database, snapshot }: { readonly database?: string; readonly snapshot?: string },
  signal: AbortSignal,
): Promise<string> {
  if (program === undefined) {
    return "";
  }
  const environment = ports.source.environment;
  const connection =
    database === undefined ? environment : { ...environment, PGDATABASE: database };
  const about = {
    program,
    connection,
    file: schemaFileOf(ports.stateFolder, order.name),
    deadlineMs: deadlineMsOf(facts),
    ...(snapshot === undefined ? {} : { snapshot }),
  };
  return readFingerprint(ports, about, signal);
}

function requireAlike(
  way: CopyWay,
  wanted: Wanted,
  found: Contents & Pick<Wanted, "schemaFingerprint">,
): void {
  const tables = [...new Set([...Object.keys(wanted.rows), ...Object.keys(found.rows)])];
  const differences = [
    ...tables
      .filter((table) => wanted.rows[table] !== found.rows[table])
      .map(
        (table) =>
          `${table} has ${found.rows[table] ?? "no"} rows instead of ${wanted.rows[table] ?? "no table"}`,
      ),
    ...(wanted.schemaFingerprint === found.schemaFingerprint ? [] : ["its schema is another one"]),
    ...found.invalidIndexes
      .filter((index) => !wanted.invalidIndexes.includes(index))
      .map((index) => `its index ${index} is invalid`),
    ...behind(wanted.sequences, found.sequences),
  ];
  if (differences.length > 0) {
    throw refused(way, `the copy is not alike: ${differences.slice(0, 5).join("; ")}`);
  }
}

/** A sequence that is behind gives out keys that are taken. */
function behind(wanted: Contents["sequences"], found: Contents["sequences"]): readonly string[] {
  return wanted.flatMap(({ name, direction, value }) => {
    const now = found.find((one) => one.name === name)?.value;
    const isBehind = now === undefined || (BigInt(now) - BigInt(value)) * BigInt(direction) < 0n;
    return isBehind ? [`its sequence ${name} is at ${now ?? "nothing"} instead of ${value}`] : [];
  });
}

function refused(way: CopyWay, reason: string): Failure {
  const what = { clone: "cloned", online: "copied while it is used", restored: "restored" }[way];
  return new Failure("dump-failed", `the database could not be ${what}: ${reason}`, {
    hint: "`rollwatch doctor` says what a warm database needs; nothing was changed.",
  });
}
