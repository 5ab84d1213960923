import { readdir, readFile, watch } from "node:fs/promises";
import path from "node:path";
import type { Pm2Home } from "./pm2-home.ts";

const LIMIT_MS = 60_000;

/**
 * When pm2 starts the next process of one of the services, ms since the epoch. pm2's own start time is of no use for one that
 * dies at once (each restart overwrites it), but its pid file is written at every start.
 */
export async function firstStart(pm2: Pm2Home, services: readonly string[]): Promise<number> {
  const folder = pidFolder(pm2);
  const before = await startsOf(pm2);
  for await (const { filename } of watch(folder, { signal: AbortSignal.timeout(LIMIT_MS) })) {
    if (filename !== null && services.some((name) => filename.startsWith(`${name}-`))) {
      const pid = await content(path.join(folder, filename));
      if (pid !== "" && pid !== before.get(filename)) {
        return Date.now();
      }
    }
  }
  throw new Error("pm2 started no process");
}

/** The pid files of a pm2 with their contents: another pid is another start. */
export async function startsOf(pm2: Pm2Home): Promise<ReadonlyMap<string, string>> {
  const folder = pidFolder(pm2);
  const found = new Map<string, string>();
  for (const file of await readdir(folder)) {
    found.set(file, await content(path.join(folder, file)));
  }
  return found;
}

function pidFolder(pm2: Pm2Home): string {
  return path.join(pm2.folder, "pids");
}

/** Empty when the file is gone, which it is while its process is stopped. */
async function content(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
