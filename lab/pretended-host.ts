import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lab } from "./lab.ts";
import { repeat } from "./repeat.ts";

/**
 * This machine's memory as rollwatch is shown it, in a folder of the lab: the real one until the lab pretends that others
 * took it. Nothing of the machine is taken, which may have other work to do.
 */
export interface PretendedHost {
  /** The folder that holds `proc`. */
  readonly root: string;
  /** Whether all but one part in fifty is shown as taken. */
  pretend(isFull: boolean): Promise<void>;
}

const PAUSE_MS = 500;
const LEFT = 0.02;

/** Shows the machine's memory and its processes in a folder, anew twice a second. */
export async function openPretendedHost(
  lab: Pick<Lab, "folder" | "onEnd">,
): Promise<PretendedHost> {
  const root = path.join(lab.folder, "host");
  const folder = path.join(root, "proc");
  const known = new Set<string>();
  let isPretending = false;
  await mkdir(folder, { recursive: true });

  async function showOnce(): Promise<void> {
    const info = await readFile("/proc/meminfo", "utf8");
    const file = path.join(folder, "meminfo");
    await writeFile(`${file}.new`, isPretending ? withLittleLeft(info) : info);
    await rename(`${file}.new`, file);
    for (const name of await readdir("/proc")) {
      if (/^\d+$/u.test(name) && !known.has(name)) {
        known.add(name);
        await symlink(path.join("/proc", name), path.join(folder, name));
      }
    }
  }

  let shown = Promise.resolve();
  /** One after the other: two at once would take each other's new file away. */
  async function show(): Promise<void> {
    shown = shown.catch(() => undefined).then(showOnce);
    await shown;
  }

  await show();
  lab.onEnd("pretended host", repeat(show, PAUSE_MS));
  return {
    root,
    async pretend(isFull) {
      isPretending = isFull;
      await show();
    },
  };
}

function withLittleLeft(info: string): string {
  const total = Number(/^MemTotal:\s+(\d+)/mu.exec(info)?.[1]);
  return info.replace(/^(MemAvailable:\s+)\d+/mu, `$1${Math.round(total * LEFT)}`);
}
