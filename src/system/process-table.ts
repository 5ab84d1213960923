import { readlinkSync } from "node:fs";
import { readFile, readdir, readlink } from "node:fs/promises";
import { kill } from "node:process";
import { messageOf } from "../model/failure.ts";

/** A process of this machine as the kernel tells it; parts that the platform or rights do not show are absent. */
export interface ProcessFacts {
  /** Distinguishes two processes that had the same pid. */
  readonly startTicks?: string;
  /** The pid of who started it. */
  readonly parent?: number;
  readonly cwd?: string;
  readonly commandLine?: string;
}

/** One line of the kernel's table of processes. */
interface ProcessStat {
  /** Ended, and not yet waited for by who started it: it runs no code. */
  readonly isDead: boolean;
  readonly parent: number;
  readonly group: number;
  readonly startTicks: string;
}

/** Every pid; empty where the kernel shows no table. */
export async function pids(): Promise<readonly number[]> {
  const names = await readdir("/proc").catch((): string[] => []);
  return names.filter((name) => /^\d+$/u.test(name)).map(Number);
}

/** Undefined where there is no such process, or the kernel shows no table. */
export async function statOf(pid: number): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field, the program's name, may itself hold blanks and parentheses.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields === undefined
    ? undefined
    : {
        isDead: /^[ZX]$/u.test(fields[0] ?? ""),
        parent: Number(fields[1]),
        group: Number(fields[2]),
        startTicks: fields[19] ?? "",
      };
}

/** What the kernel says about a pid; undefined when there is no such process. */
export async function look(pid: number): Promise<ProcessFacts | undefined> {
  const found = await statOf(pid);
  if (found?.isDead === true || (found === undefined && !isAlive(pid))) {
    return undefined;
  }
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  return {
    ...(found === undefined ? {} : { startTicks: found.startTicks, parent: found.parent }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(raw === undefined ? {} : { commandLine: raw.replaceAll("\0", " ").trim() }),
  };
}

/** Where a process runs; undefined where the kernel does not show it. At once: the table lies in memory, and a hundred promises take longer than it. */
export function cwdOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** The environment that a process was started with; undefined where that is not shown. Secret. */
export async function environment(
  pid: number,
): Promise<Readonly<Record<string, string>> | undefined> {
  const raw = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const pairs = raw.split("\0").filter((pair) => pair.includes("="));
  // A process that has ended, and not been waited for, shows an empty one.
  return pairs.length === 0
    ? undefined
    : Object.fromEntries(
        pairs.map((pair) => {
          const [name = ""] = pair.split("=", 1);
          return [name, pair.slice(name.length + 1)];
        }),
      );
}

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return messageOf(error).includes("EPERM");
  }
}
