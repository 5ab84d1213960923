import { createHash } from "node:crypto";
import { constants, type Dirent } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { relative } from "node:path";

/** A file that came, changed, or was moved here. */
export interface NewerFile {
  /** Relative to the folder that was looked through. */
  readonly path: string;
  readonly bytes: number;
  /** The latest of its times, ms since the epoch: a move changes none but that of its inode. */
  readonly at: number;
}

/** What a folder holds that is newer. */
export interface NewerFiles {
  /** The oldest of them, in order of time. */
  readonly files: readonly NewerFile[];
  /** How many there are beside those. */
  readonly more: number;
}

type Named = Dirent<Buffer>;

/** Every file below `folder` that came, changed or was moved there after `since`; links are not followed. What goes away meanwhile is left out. */
export async function listNewer(
  folder: string,
  { since, limit }: { readonly since: number; readonly limit: number },
  signal: AbortSignal,
): Promise<NewerFiles> {
  let found: NewerFile[] = [];
  let count = 0;
  const waiting = [Buffer.from(folder)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await entriesOf(next, next.equals(Buffer.from(folder)))) {
      signal.throwIfAborted();
      const path = Buffer.concat([next, Buffer.from("/"), entry.name]);
      if (entry.isDirectory()) {
        waiting.push(path);
      }
      const file = entry.isFile() ? await newerFile(path, folder, since) : undefined;
      count += file === undefined ? 0 : 1;
      found.push(...(file === undefined ? [] : [file]));
    }
    // Memory stays bounded, whatever the folder holds.
    found = found.length > 2 * limit ? oldest(found, limit) : found;
  }
  const files = oldest(found, limit);
  return { files, more: count - files.length };
}

/** sha256 in hex of a file; undefined when it is gone or no file any more. A link is not followed. */
export async function hashPlainFile(
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const handle = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const hash = createHash("sha256");
      if (!(await handle.stat()).isFile()) {
        return undefined;
      }
      for await (const part of handle.createReadStream({ autoClose: false, signal })) {
        hash.update(part);
      }
      return hash.digest("hex");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isGone(error, ["ENOENT", "ENOTDIR", "ELOOP"])) {
      return undefined;
    }
    throw error;
  }
}

/** The folder itself must be there; what is below it may go at any time. Names are bytes: not every one is UTF-8. */
async function entriesOf(folder: Buffer, isTop: boolean): Promise<readonly Named[]> {
  try {
    return await readdir(folder, { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    if (!isTop && isGone(error, ["ENOENT", "ENOTDIR"])) {
      return [];
    }
    throw error;
  }
}

async function newerFile(
  path: Buffer,
  folder: string,
  since: number,
): Promise<NewerFile | undefined> {
  try {
    const { mtimeMs, ctimeMs, birthtimeMs, size } = await lstat(path);
    const at = Math.max(mtimeMs, ctimeMs, birthtimeMs);
    return at > since
      ? { path: relative(folder, path.toString()), bytes: size, at: Math.floor(at) }
      : undefined;
  } catch (error) {
    if (isGone(error, ["ENOENT", "ENOTDIR"])) {
      return undefined;
    }
    throw error;
  }
}

function oldest(files: readonly NewerFile[], limit: number): NewerFile[] {
  return files
    .toSorted((one, other) => one.at - other.at || one.path.localeCompare(other.path))
    .slice(0, limit);
}

function isGone(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
