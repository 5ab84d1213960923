import { join } from "node:path";
import type { Files } from "../system/files.ts";

/** rollwatch's own folder in the application's root: rename(2) needs the same file system. */
export const BESIDE = ".rollwatch";

/** Its part for warm copies; every other folder in it is a plan's. */
export const WARM = "warm";

/** Makes a folder below it that only its owner may enter, and hides all of it from git. */
export async function makeBeside(files: Files, root: string, folder: string): Promise<void> {
  await files.makeFolder(folder, 0o700);
  const ignore = join(root, BESIDE, ".gitignore");
  if ((await files.kind(ignore)) === "absent") {
    await files.writeAtomic(ignore, "*\n", 0o600);
  }
}
