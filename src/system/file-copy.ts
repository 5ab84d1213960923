import { constants } from "node:fs";
import { chmod, copyFile, mkdir, open, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PARALLEL_FILES, type TreeEntry, walk } from "./file-tree.ts";
import { forEachLimited } from "./limited.ts";

/**
 * Copies a file, link or tree. Everything is written first and synced afterwards: the first sync then carries most of
 * the data to the disk and the others find little left to do. Times are not kept: a browser that has the bad release's
 * file must not be told "not modified" because the restored one is older.
 */
export async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  const entries = await walk(from, signal);
  const folders = entries.filter((entry) => entry.kind === "directory");
  const others = entries.filter((entry) => entry.kind !== "directory");
  for (const folder of folders) {
    await mkdir(join(to, folder.path), { mode: 0o700 });
  }
  await forEachLimited(others, PARALLEL_FILES, signal, async (entry) => copyEntry(from, to, entry));
  const files = others.filter((entry) => entry.kind === "file");
  await forEachLimited(files, PARALLEL_FILES, signal, async (entry) => sync(join(to, entry.path)));
  for (const folder of folders.toReversed()) {
    signal.throwIfAborted();
    await sync(join(to, folder.path));
    await chmod(join(to, folder.path), folder.mode);
  }
  await sync(dirname(to));
}

async function copyEntry(from: string, to: string, entry: TreeEntry): Promise<void> {
  const source = join(from, entry.path);
  const target = join(to, entry.path);
  if (entry.kind === "link") {
    await symlink(await readlink(source), target);
    return;
  }
  await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
}

/** fsync(2) of a file or folder by its path. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
