import { readdir, readFile } from "node:fs/promises";

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Of the process and of the children it has waited for. */
  readonly cpuSeconds: number;
}

/** The memory of a process. */
export interface Memory {
  readonly rssBytes: number;
  /** The part that no other process can share: the rest is mapped from files, most of it Node itself. */
  readonly anonymousBytes: number;
}

/** CPU seconds that these processes and all below them have used, those included that have ended meanwhile. */
export async function cpuSecondsBelow(roots: readonly number[]): Promise<number> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name));
  const all = (await Promise.all(names.map(readStat))).filter((one) => one !== undefined);
  const found = new Set(roots);
  let before = 0;
  while (found.size > before) {
    before = found.size;
    for (const { pid, parent } of all) {
      if (found.has(parent)) {
        found.add(pid);
      }
    }
  }
  return all.filter(({ pid }) => found.has(pid)).reduce((sum, one) => sum + one.cpuSeconds, 0);
}

/** The memory of a process now. */
export async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return { rssBytes: kibibytes(text, "VmRSS"), anonymousBytes: kibibytes(text, "RssAnon") };
}

function kibibytes(status: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "mu").exec(status)?.[1]) * 1024;
}

async function readStat(name: string): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseStat(text);
}

/** A line of /proc/<pid>/stat; the name in brackets may hold anything. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[1]),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}
