import { join } from "node:path";
import type { Dump } from "../model/database-record.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Files } from "../system/files.ts";
import type { DumpSettings } from "./settings.ts";

/** Modes beyond the owner's: a dump holds what the database holds. */
const OTHERS = 0o077;

/** What is copied where. */
interface CopyRequest {
  readonly record: Dump;
  readonly folder: string;
  readonly release: string;
  readonly application: string;
  readonly settings: DumpSettings;
}

/**
 * Copies a dump to the secure place and compares its hash there; the manifest lies beside it. The record says what came of
 * it: a dump without its second copy is one all the same.
 */
export async function copySecurely(
  files: Files,
  request: CopyRequest,
  signal: AbortSignal,
): Promise<Dump> {
  const { record, release, application, settings } = request;
  const { secureCopy: place } = settings;
  if (place === undefined) {
    return record;
  }
  const path = join(place, `${application}-${release}-${record.at}.dump`);
  try {
    await copy(files, { ...request, place, path }, signal);
    return { ...record, secureCopy: path };
  } catch (error) {
    signal.throwIfAborted();
    return { ...record, copyProblem: messageOf(error) };
  } finally {
    await files.remove(`${path}.partial`);
  }
}

async function copy(
  files: Files,
  request: CopyRequest & { readonly place: string; readonly path: string },
  signal: AbortSignal,
): Promise<void> {
  const { record, folder, place, path } = request;
  await files.makeFolder(place, 0o700);
  const { mode } = await files.access(place);
  if ((mode & OTHERS) !== 0) {
    throw new Failure("state-exposed", `${place} is open to others`, {
      hint: `chmod 700 ${place}`,
    });
  }
  const partial = `${path}.partial`;
  await files.remove(partial);
  await files.copy(join(folder, record.file), partial, signal);
  if ((await files.hash(partial)) !== record.digest) {
    throw new Failure("dump-failed", `the copy in ${place} is not what was dumped`, {
      hint: "Look at the disk that it lies on.",
    });
  }
  const manifest = `${JSON.stringify({ ...record, secureCopy: path }, null, 2)}\n`;
  await files.writeAtomic(`${path}.json`, manifest, 0o600);
  await files.rename(partial, path);
}
