import { constants, type Stats } from "node:fs";
import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The bytes between two places; fewer where the file ends sooner. */
export async function slice(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, end - start));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Undefined when there is no such regular file. Never waits for a writer, as opening a FIFO would. */
export async function withFile<T>(
  path: string,
  use: (file: FileHandle, stats: Stats) => Promise<T>,
): Promise<T | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  try {
    const stats = await file.stat();
    // A device, as /dev/null is, keeps nothing to be read.
    return stats.isFile() ? await use(file, stats) : undefined;
  } finally {
    await file.close();
  }
}

/** The name to which a rotation moved the file with this inode, in the folder of its old one; undefined when it is gone or packed. */
export async function rotatedName(path: string, inode: number): Promise<string | undefined> {
  const folder = dirname(path);
  const [stem = ""] = basename(path).split(".");
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(stem) && !one.endsWith(".gz"))) {
    const other = join(folder, name);
    const facts = await stat(other).catch(() => undefined);
    if (facts?.ino === inode) {
      return other;
    }
  }
  return undefined;
}
