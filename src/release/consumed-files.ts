import { join } from "node:path";
import type { ApplicationSettings } from "../model/application.ts";
import type { ConsumedFolder } from "../model/database-delta.ts";
import { messageOf } from "../model/failure.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import { hashPlainFile, listNewer } from "../system/newer-files.ts";
import { confine } from "./confine.ts";

/** Files of a folder that are named; the rest is counted. */
const LISTED = 1000;
/** Longest time for looking through a folder. */
const LOOK_MS = 5000;
/** The same where each file is read whole. */
const READ_MS = 10 * 60_000;

/** What looking for them needs. */
export interface ConsumedPorts {
  readonly application: Pick<ApplicationSettings, "root" | "services">;
  readonly files: Files;
  readonly clock: Clock;
}

/** From when on, and whether the files are read for their hashes. */
export interface ConsumedOrder {
  /** The moment of the data that is gone back to, ms since the epoch. */
  readonly since: number;
  readonly isHashed: boolean;
}

/**
 * The files that services have consumed since, by declared folder: what they wrote into the database is not in one of that moment,
 * and nothing imports them again. Undefined where no service declares a folder; one that cannot be looked through is told.
 */
export async function listConsumed(
  ports: ConsumedPorts,
  order: ConsumedOrder,
  signal: AbortSignal,
): Promise<readonly ConsumedFolder[] | undefined> {
  const { services } = ports.application;
  const folders = [...new Set(services.flatMap(({ consumes = [] }) => consumes))];
  const listed: ConsumedFolder[] = [];
  for (const folder of folders) {
    const eaters = services.filter(({ consumes = [] }) => consumes.includes(folder));
    const found = await orProblem(ports, { ...order, folder }, signal);
    listed.push({ services: eaters.map(({ name }) => name), folder, ...found });
  }
  return folders.length === 0 ? undefined : listed;
}

type Found = Pick<ConsumedFolder, "files" | "more" | "problem">;
type FolderOrder = ConsumedOrder & { readonly folder: string };

async function orProblem(
  ports: ConsumedPorts,
  order: FolderOrder,
  signal: AbortSignal,
): Promise<Found> {
  const limitMs = order.isHashed ? READ_MS : LOOK_MS;
  const deadline = ports.clock.deadline(limitMs, signal);
  try {
    return await lookThrough(ports, order, deadline);
  } catch (error) {
    signal.throwIfAborted();
    const problem = deadline.aborted
      ? `it could not be looked through in ${limitMs / 1000} s`
      : messageOf(error);
    return { files: [], more: 0, problem };
  }
}

async function lookThrough(
  { application: { root }, files }: ConsumedPorts,
  { folder, since, isHashed }: FolderOrder,
  signal: AbortSignal,
): Promise<Found> {
  const path = await confine(files, root, folder);
  const kind = await files.kind(path);
  if (kind !== "directory") {
    const problem = kind === "absent" ? "there is no such folder" : `it is a ${kind}, no folder`;
    return { files: [], more: 0, problem };
  }
  const found = await listNewer(path, { since, limit: LISTED }, signal);
  const listed: ConsumedFolder["files"] = [];
  for (const file of found.files) {
    const sha256 = isHashed ? await hashPlainFile(join(path, file.path), signal) : undefined;
    listed.push({ ...file, path: join(folder, file.path), sha256: sha256 ?? null });
  }
  return { files: listed, more: found.more, problem: null };
}
