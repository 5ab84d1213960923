import { createHash } from "node:crypto";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "./file-tree.ts";

/**
 * sha256 over what lstat(2) says of everything at and below `top`: names, types, modes; of what is no folder also size,
 * inode and times in nanoseconds; of links their target. No content is read: the kernel sets ctime at every write, and
 * nobody can set it back. A folder's own times are left out, so that moving the tree keeps its fingerprint.
 */
export async function fingerprintTree(top: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const first = await stampOf(top, "");
  hash.update(first.line);
  const open = first.isFolder ? [""] : [];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    signal.throwIfAborted();
    const stamps = await stampsIn(top, folder);
    hash.update(stamps.map(({ line }) => line).join(""));
    open.push(...stamps.filter(({ isFolder }) => isFolder).map(({ path }) => path));
  }
  return hash.digest("hex");
}

interface Stamp {
  readonly path: string;
  readonly isFolder: boolean;
  readonly line: string;
}

async function stampsIn(top: string, folder: string): Promise<readonly Stamp[]> {
  const names = await namesIn(join(top, folder));
  return Promise.all(names.map(async (name) => stampOf(top, join(folder, name))));
}

/** `mode` holds the type as well. */
async function stampOf(top: string, path: string): Promise<Stamp> {
  const full = join(top, path);
  const facts = await lstat(full, { bigint: true });
  const { mode, size, ino, mtimeNs, ctimeNs } = facts;
  const isFolder = facts.isDirectory();
  const numbers = isFolder ? [mode] : [mode, size, ino, mtimeNs, ctimeNs];
  const target = facts.isSymbolicLink() ? await readlink(full) : "";
  const line = `${JSON.stringify([path, target, ...numbers.map(String)])}\n`;
  return { path, isFolder, line };
}
