import { join } from "node:path";
import type { Clone, DatabaseRecord, Dump } from "../model/database-record.ts";
import { Failure } from "../model/failure.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { DumpProgram, PostgresPrograms } from "../system/postgres-programs.ts";
import {
  CLONE_PREFIX,
  type DatabaseFacts,
  type DatabaseSource,
  type Snapshot,
} from "../system/postgres-source.ts";
import type { Catalogue } from "./catalogue.ts";
import { copySecurely } from "./dump-copy.ts";
import { readFingerprint } from "./schema-fingerprint.ts";
import type { DumpSettings } from "./settings.ts";
import { bytesNeeded } from "./space.ts";

/** What makes snapshots of the database. */
export interface DumpPorts {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly files: Files;
  readonly programs: PostgresPrograms;
  readonly source: DatabaseSource;
  /** The schema's revision as it is now. */
  readonly revision: (signal: AbortSignal) => Promise<string | null>;
}

/** For which release. */
export interface DumpRequest {
  readonly release: string;
  /** The schema's revision that the release was captured with. */
  readonly schema: string | null | undefined;
  readonly application: string;
  readonly settings: DumpSettings;
}

const BASE_MS = 10 * 60_000;
/** A slow disk and a busy server together. */
const BYTES_PER_MS = 5000;
/** A plain dump is about this part of its database; compressed it is a seventh, unless what it holds was compressed before. */
const SIZE_RATIO = 0.6;
const PARTIAL = "database.partial";
const SCHEMA_PARTIAL = "schema.partial";

/**
 * Makes a snapshot of the database for a release: a compressed dump of one moment, read to its end and hashed, or a clone where
 * there is no pg_dump. Throws `dump-failed`. The record is written last, so a kill leaves the one before it.
 */
export async function dumpDatabase(
  ports: DumpPorts,
  request: DumpRequest,
  signal: AbortSignal,
): Promise<DatabaseRecord> {
  const { catalogue, programs, source } = ports;
  await requireRevision(ports, request, signal);
  const facts = await source.facts(signal);
  const limited = ports.clock.deadline(deadlineMsOf(facts), signal);
  const program = await programs.find(facts.serverMajor, request.settings.program, limited);
  const record =
    program === undefined
      ? await clone(ports, request, facts, limited)
      : await dump(ports, request, { facts, program }, limited);
  await requireRevision(ports, request, limited);
  const before = await catalogue.readDatabase(request.release);
  await catalogue.writeDatabase(request.release, record);
  await removeReplaced(ports.files, catalogue.folderOf(request.release), before, record);
  return record;
}

/** Removes what lies outside the release's folder: the second copy, the clone. */
export async function forgetDump(
  { files, source }: Pick<DumpPorts, "files" | "source">,
  record: DatabaseRecord | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (record?.kind === "clone") {
    await source.dropClone(record.name, signal);
  }
  if (record?.kind === "dump" && record.secureCopy !== null) {
    await files.remove(`${record.secureCopy}.json`);
    await files.remove(record.secureCopy);
  }
}

/** Data of another schema would be no snapshot of this release. */
async function requireRevision(
  { revision }: DumpPorts,
  { release, schema }: DumpRequest,
  signal: AbortSignal,
): Promise<void> {
  const now = await revision(signal);
  if (schema !== undefined && now !== schema) {
    throw new Failure(
      "dump-failed",
      `the schema is ${now ?? "none"}, release ${release} has ${schema ?? "none"}`,
      { hint: "A migration ran meanwhile: the next proven release gets a snapshot of its own." },
    );
  }
}

async function dump(
  ports: DumpPorts,
  request: DumpRequest,
  how: { readonly facts: DatabaseFacts; readonly program: DumpProgram },
  signal: AbortSignal,
): Promise<Dump> {
  const { files, catalogue, clock, source, programs } = ports;
  const { facts, program } = how;
  const folder = catalogue.folderOf(request.release);
  const at = clock.now();
  const file = `database-${at}.dump`;
  const path = join(folder, file);
  const began = clock.monotonic();
  await requireSpace(files, folder, facts.bytes);
  try {
    const made = await source.withSnapshot(
      async (snapshot, limited) => write(ports, { ...how, snapshot, folder }, limited),
      signal,
    );
    await files.rename(join(folder, PARTIAL), path);
    const proven = await prove(files, folder, file, signal);
    await programs.decode(program, path, deadlineMsOf(facts), signal);
    const record: Dump = {
      kind: "dump",
      at,
      seconds: (clock.monotonic() - began) / 1000,
      ...aboutSource(facts),
      ...made,
      ...proven,
      file,
      programVersion: program.version,
      secureCopy: null,
      copyProblem: null,
    };
    return await copySecurely(files, { record, folder, ...request }, signal);
  } catch (error) {
    await files.remove(path);
    throw error;
  } finally {
    await files.remove(join(folder, PARTIAL));
    await files.remove(join(folder, SCHEMA_PARTIAL));
  }
}

/** pg_dump syncs what it writes; the mode is set before the first byte. */
async function write(
  { files, programs, source }: DumpPorts,
  how: {
    readonly facts: DatabaseFacts;
    readonly program: DumpProgram;
    readonly snapshot: Snapshot;
    readonly folder: string;
  },
  signal: AbortSignal,
): Promise<Pick<Dump, "rows" | "warnings" | "schemaFingerprint" | "snapshot">> {
  const { facts, program, snapshot, folder } = how;
  const order = {
    program,
    connection: source.environment,
    snapshot: snapshot.name,
    deadlineMs: deadlineMsOf(facts),
  };
  const schema = join(folder, SCHEMA_PARTIAL);
  const schemaFingerprint = await readFingerprint(
    { files, programs },
    { ...order, file: schema },
    signal,
  );
  const file = join(folder, PARTIAL);
  await files.writeAtomic(file, "", 0o600);
  const warnings = await programs.dump({ ...order, file }, signal);
  const { rows, xids } = snapshot;
  return { rows: { ...rows }, warnings: [...warnings], schemaFingerprint, snapshot: xids };
}

/** Stamped before it is hashed: what changes in between does not go by this fingerprint. */
async function prove(
  files: Files,
  folder: string,
  file: string,
  signal: AbortSignal,
): Promise<Pick<Dump, "digest" | "bytes" | "fingerprint">> {
  const fingerprint = await files.fingerprint(folder, file, signal);
  const digest = await files.hash(join(folder, file));
  const [entry] = await files.listTree(folder, file, signal);
  if (fingerprint === undefined || digest === undefined || entry === undefined) {
    throw new Failure("dump-failed", `the dump ${file} vanished`, {
      hint: "Look for what removes files in the state folder.",
    });
  }
  return { digest, bytes: entry.bytes, fingerprint };
}

/** How long work on all of a database may take, ms. */
export function deadlineMsOf({ bytes }: Pick<DatabaseFacts, "bytes">): number {
  return BASE_MS + bytes / BYTES_PER_MS;
}

async function clone(
  { clock, source }: DumpPorts,
  { release, settings }: DumpRequest,
  facts: DatabaseFacts,
  signal: AbortSignal,
): Promise<Clone> {
  const missing =
    settings.program === undefined
      ? `there is no pg_dump of version ${facts.serverMajor} or later (apt-get install postgresql-client-${facts.serverMajor})`
      : `${settings.program} is no pg_dump of version ${facts.serverMajor} or later`;
  if (facts.sessions.length > 0) {
    const who = [...new Set(facts.sessions.map((one) => one.trim()))].join(", ");
    throw new Failure(
      "dump-failed",
      `${missing}, and the database cannot be cloned while others use it: ${who}`,
      { hint: "Install PostgreSQL's client programs of the server's version." },
    );
  }
  const at = clock.now();
  const began = clock.monotonic();
  const name = CLONE_PREFIX + release;
  const rows = await source.withSnapshot(async (snapshot) => snapshot.rows, signal);
  // One that a killed run made is named by no record.
  await source.dropClone(name, signal);
  await source.clone(name, signal);
  const seconds = (clock.monotonic() - began) / 1000;
  return { kind: "clone", at, seconds, ...aboutSource(facts), rows: { ...rows }, name };
}

function aboutSource(
  facts: DatabaseFacts,
): Pick<Dump, "database" | "systemIdentifier" | "serverVersion"> {
  const { database, systemIdentifier, serverVersion } = facts;
  return { database, systemIdentifier, serverVersion };
}

async function requireSpace(files: Files, folder: string, bytes: number): Promise<void> {
  const size = Math.ceil(bytes * SIZE_RATIO);
  const needed = bytesNeeded([{ path: "", kind: "file", digest: "", files: 1, bytes: size }]);
  const free = await files.freeBytes(folder);
  if (free < needed) {
    throw new Failure("dump-failed", `a dump needs up to ${needed} bytes, ${free} are free`, {
      hint: "Free space on the disk of the state folder, or set `release.keep` lower.",
    });
  }
}

async function removeReplaced(
  files: Files,
  folder: string,
  before: DatabaseRecord | undefined,
  record: DatabaseRecord,
): Promise<void> {
  const kept = record.kind === "dump" ? record.file : "";
  for (const name of await files.list(folder)) {
    if (/^database-\d+\.dump$/u.test(name) && name !== kept) {
      await files.remove(join(folder, name));
    }
  }
  const old = before?.kind === "dump" ? before.secureCopy : null;
  if (old !== null && (record.kind !== "dump" || record.secureCopy !== old)) {
    await files.remove(`${old}.json`);
    await files.remove(old);
  }
}
