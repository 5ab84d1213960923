import { constants, type Stats } from "node:fs";
import { access, lstat, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { getuid } from "node:process";
import { messageOf } from "../model/failure.ts";

const STICKY = 0o1000;

/**
 * Why rename(2) could not take a path out of its folder: the folder may not be written, its sticky bit keeps what others
 * own, or something is mounted there. A path that is absent asks the nearest folder that is there. Undefined when it could.
 */
export async function whyFixed(path: string): Promise<string | undefined> {
  const found = await orUndefined(lstat(path));
  const folder = dirname(path);
  const parent = await orUndefined(lstat(folder));
  if (parent === undefined) {
    return folder === path ? undefined : whyFixed(folder);
  }
  const locked = await whyLocked(folder);
  if (locked !== undefined || found === undefined) {
    return locked;
  }
  if (found.dev !== parent.dev || (await mountPoints()).has(path)) {
    return "it is a mount point of its own";
  }
  return isKept(found, parent)
    ? `${folder} is sticky, and the path belongs to another user`
    : undefined;
}

async function whyLocked(folder: string): Promise<string | undefined> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return messageOf(error).includes("EROFS")
      ? `${folder} is mounted read-only`
      : `this user may not write in ${folder}`;
  }
}

function isKept(found: Stats, parent: Stats): boolean {
  const user = getuid?.() ?? 0;
  const isOwner = user === 0 || user === found.uid || user === parent.uid;
  return (parent.mode & STICKY) !== 0 && !isOwner;
}

/** A bind mount from the same file system has its folder's device; only the kernel's list tells. Empty where there is none. */
async function mountPoints(): Promise<ReadonlySet<string>> {
  const list = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const places = list.split("\n").map((line) => line.split(" ")[4] ?? "");
  return new Set(places.map(unescaped));
}

/** The kernel writes blanks and backslashes in octal. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(\d{3})/gu, (_all, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      ["ENOENT", "ENOTDIR"].includes(String(error.code))
    ) {
      return undefined;
    }
    throw error;
  }
}
