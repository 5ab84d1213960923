import type { Stats } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { tellDuration } from "../model/units.ts";

/** A lock that a git command holds, or that one left which was killed. */
export interface GitLock {
  readonly path: string;
  /** Since it was made; of one from the future (the clock was set back), until then. */
  readonly ageMs: number;
}

/** A deployment's lock dies after this time: nobody works on an index for longer. */
const STALE_MS = 15 * 60_000;

/** Why somebody works in the repository that `root` lies in; null when it lies in none, or every lock there is stale. */
export async function whyBusy(root: string, now: number): Promise<string | null> {
  const folder = await findGitFolder(root);
  const locks = folder === null ? [] : await locksIn(folder, now);
  const held = locks.find(({ ageMs }) => ageMs <= STALE_MS);
  return held === undefined
    ? null
    : `another git command has held ${held.path} for ${tellDuration(held.ageMs)}`;
}

/** The locks of index and HEAD in a git folder, stale ones too. */
export async function locksIn(folder: string, now: number): Promise<readonly GitLock[]> {
  const locks: GitLock[] = [];
  for (const name of ["index.lock", "HEAD.lock"]) {
    const path = join(folder, name);
    const found = await statOf(path);
    if (found !== undefined) {
      locks.push({ path, ageMs: Math.abs(now - found.mtimeMs) });
    }
  }
  return locks;
}

/** Whether a folder is the top of a work tree, by its looks: git itself may hang, and is not needed to tell. */
export async function isTop(root: string): Promise<boolean> {
  return (await statOf(join(root, ".git"))) !== undefined;
}

/** Where the repository keeps its locks. git is not asked: it refuses to look into what another user owns. */
async function findGitFolder(root: string): Promise<string | null> {
  for (let place = resolve(root); ; place = dirname(place)) {
    const own = join(place, ".git");
    const found = await statOf(own);
    if (found !== undefined) {
      const folder = found.isFile() ? await folderNamedIn(own) : own;
      // git also passes over what only has the name.
      if (folder !== undefined && (await statOf(join(folder, "HEAD"))) !== undefined) {
        return folder;
      }
    }
    if (place === dirname(place)) {
      return null;
    }
  }
}

/** In a second work tree `.git` is a file that names the folder. */
async function folderNamedIn(file: string): Promise<string | undefined> {
  const named = /^gitdir: (.+)$/mu.exec(await readFile(file, "utf8"))?.[1];
  return named === undefined ? undefined : resolve(dirname(file), named);
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return undefined;
    }
    throw error;
  }
}
