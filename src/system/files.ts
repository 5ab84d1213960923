import { randomBytes } from "node:crypto";
import {
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  statfs,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { copyTree, sync } from "./file-copy.ts";
import { fingerprintTree } from "./file-stamp.ts";
import { whyFixed } from "./file-place.ts";
import { hashFile, measureTree, type TreeEntry, walk } from "./file-tree.ts";

import type { CapturedPath } from "../model/release.ts";

/** The file system, with the few operations that rollwatch needs, each safe against a crash in the middle. Paths are absolute. */
export interface Files {
  /** Whole file as text; undefined when it does not exist. */
  readText(path: string): Promise<string | undefined>;
  /** sha256 in hex of a file's content; undefined when it does not exist. */
  hash(path: string): Promise<string | undefined>;
  /** Writes a temporary file beside `path`, syncs it, renames it into place, syncs the folder. */
  writeAtomic(path: string, content: string, mode: number): Promise<void>;
  /** `file`, `directory`, `link` (not followed) or `absent`; anything else (socket, device) is `other`. */
  kind(path: string): Promise<"file" | "directory" | "link" | "absent" | "other">;
  /** Makes the folder and its parents with `mode`. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Names in a folder, sorted; empty when it does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** rename(2), then both folders synced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes file or tree; nothing when it is absent. */
  remove(path: string): Promise<void>;
  /**
   * Copies a file, link or tree as reflinks where the file system has them, else as copies, with modes, links as links;
   * everything is synced before it returns. `to` must not exist. Sockets, devices and FIFOs are refused.
   */
  copy(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Kind, digest, count and size of a path under `root` (see CapturedPath); `absent` when it does not exist. */
  measure(root: string, path: string, signal: AbortSignal): Promise<CapturedPath>;
  /**
   * A cheap proof that a path under `root`, once its content was hashed, is still what it was, as git's index has it
   * (see fingerprintTree); undefined when it does not exist.
   */
  fingerprint(root: string, path: string, signal: AbortSignal): Promise<string | undefined>;
  /** Everything at and below a path under `root`, with paths relative to `root`; empty when it does not exist. */
  listTree(root: string, path: string, signal: AbortSignal): Promise<readonly TreeEntry[]>;
  /** Why this process could not rename a path out of its folder, such as a mount point; undefined when it could. */
  whyFixed(path: string): Promise<string | undefined>;
  /** Free bytes for an ordinary user on the file system of `path`. */
  freeBytes(path: string): Promise<number>;
  /** Permission bits and owner of a path. */
  access(path: string): Promise<{ readonly mode: number; readonly uid: number }>;
}

/** The machine's file system. */
export function openFiles(): Files {
  return {
    readText: async (path) => orAbsent(readFile(path, "utf8")),
    hash: async (path) => orAbsent(stat(path).then(({ size }) => hashFile(path, size))),
    writeAtomic,
    kind: kindOfPath,
    makeFolder,
    list: async (path) => ((await orAbsent(readdir(path))) ?? []).toSorted(),
    rename: renameSynced,
    remove,
    copy: copyTree,
    measure,
    fingerprint,
    listTree,
    whyFixed,
    freeBytes: async (path) => {
      const facts = await statfs(path);
      return facts.bavail * facts.bsize;
    },
    access: async (path) => {
      const facts = await stat(path);
      return { mode: facts.mode & 0o7777, uid: facts.uid };
    },
  };
}

async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, ["ENOENT", "ENOTDIR"])) {
      return undefined;
    }
    throw error;
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

async function writeAtomic(path: string, content: string, mode: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const handle = await open(beside, "wx", 0o600);
  try {
    // Goes on after a short write, which is what a filling disk answers first.
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await sync(dirname(path));
}

async function kindOfPath(path: string): ReturnType<Files["kind"]> {
  const facts = await orAbsent(lstat(path));
  if (facts === undefined) {
    return "absent";
  }
  if (facts.isFile()) {
    return "file";
  }
  if (facts.isDirectory()) {
    return "directory";
  }
  return facts.isSymbolicLink() ? "link" : "other";
}

/** The mode is set after the making, so that the umask takes nothing away; folders that were there keep theirs. */
async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) {
    return;
  }
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await chmod(made, mode);
    await sync(dirname(made));
  }
}

async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await sync(dirname(to));
  if (dirname(from) !== dirname(to)) {
    await sync(dirname(from));
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!hasCode(error, ["EACCES", "EPERM"])) {
      throw error;
    }
    await makeWritable(path);
    await rm(path, { recursive: true, force: true });
  }
  await orAbsent(sync(dirname(path)));
}

/** An ordinary user cannot empty a folder that has lost its write bit, even one of their own. */
async function makeWritable(top: string): Promise<void> {
  await chmod(top, 0o700);
  for (const entry of await readdir(top, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      await makeWritable(join(top, entry.name));
    }
  }
}

async function measure(root: string, path: string, signal: AbortSignal): Promise<CapturedPath> {
  const top = join(root, path);
  if ((await kindOfPath(top)) === "absent") {
    return { path, kind: "absent", digest: "", files: 0, bytes: 0 };
  }
  return { path, ...(await measureTree(top, signal)) };
}

async function fingerprint(
  root: string,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const top = join(root, path);
  return (await kindOfPath(top)) === "absent" ? undefined : fingerprintTree(top, signal);
}

async function listTree(
  root: string,
  path: string,
  signal: AbortSignal,
): Promise<readonly TreeEntry[]> {
  const top = join(root, path);
  if ((await kindOfPath(top)) === "absent") {
    return [];
  }
  const entries = await walk(top, signal);
  return entries.map((entry) => ({ ...entry, path: join(path, entry.path) }));
}
