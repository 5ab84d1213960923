import { readFile, stat } from "node:fs/promises";
import { pid as ownPid } from "node:process";
import { pids, statOf } from "./process-table.ts";

/** Pids of those whose command line begins like this and that see the same files as we do: none in a container. */
export async function titled(beginning: string): Promise<readonly number[]> {
  const found = (await pids()).map(async (pid) => {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return line.startsWith(beginning) && (await seesOurFiles(pid)) ? [pid] : [];
  });
  return (await Promise.all(found)).flat();
}

/** The pids of this process, of the one that started it, and so on. */
export async function ancestors(): Promise<readonly number[]> {
  const found: number[] = [];
  for (let pid = ownPid; pid > 0 && !found.includes(pid);) {
    found.push(pid);
    pid = (await statOf(pid))?.parent ?? 0;
  }
  return found;
}

/** In a container the same path is another place. */
async function seesOurFiles(pid: number): Promise<boolean> {
  try {
    const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/root/`), stat("/")]);
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    return false;
  }
}
