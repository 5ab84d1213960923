import { readdir, readFile, watch } from "node:fs/promises";
import path from "node:path";
import type { Pm2Home } from "./pm2-home.ts";

const LIMIT_MS = 60_000;

/**
 * When pm2 starts the next process of one of the services, ms since the epoch. pm2's own start time is of no use for one that
 * dies at once (each restart overwrites it), but its pid file is written at every start.
 */
export async function firstStart(pm2: Pm2Home, services: readonly string[]): Promise<number> {
  const folder = path.join(pm2.folder, "pids");
  const before = new Map<string, string>();
  for (const file of await readdir(folder)) {
    before.set(file, await content(path.join(folder, file)));
  }
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

/** Empty when the file is gone, which it is while its process is stopped. */
async function content(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}
