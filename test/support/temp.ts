import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

/** Runs `body` with an empty folder of its own (short path: sockets have a length limit) and removes it afterwards. */
export async function withTempFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join("/tmp", "rw-"));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
