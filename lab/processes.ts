import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./command.ts";
import { constructedEnvironment, LAB_VARIABLE } from "./environment.ts";

/** A process that has to do with a lab's folder. */
export interface LabProcess {
  readonly pid: number;
  readonly command: string;
  /** Whether the lab started it; an editor or a shell that a person opened in the folder is not the lab's to end. */
  readonly isOwn: boolean;
}

const GRACE_MS = 5000;
const LIMIT_MS = 15_000;

/** Every process of this machine, but this one, that names the folder in its command line, environment or working directory. */
export async function processesOf(folder: string): Promise<readonly LabProcess[]> {
  try {
    const names = await readdir("/proc");
    const pids = names.filter((name) => /^\d+$/u.test(name)).map(Number);
    const found = await Promise.all(pids.map(async (pid) => lookInto(pid, folder)));
    return found.filter((one) => one !== undefined);
  } catch {
    return processesByPs(folder);
  }
}

/** Whether the process with this pid has to do with the folder: a pid that was read from a file may long be another process's. */
export async function isOf(pid: number, folder: string): Promise<boolean> {
  return (await processesOf(folder)).some((one) => one.pid === pid);
}

/** Whether a process with this pid exists (a zombie does not count: it only waits to be reaped). */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/^\d+ \(.*\) Z/su.test(stat);
}

/** Ends every process that the lab of the folder started: asks them first (SIGINT, which PostgreSQL takes as "fast"), then kills what is left. */
export async function endProcessesOf(folder: string): Promise<void> {
  const begun = performance.now();
  const asked = new Set<number>();
  for (;;) {
    const left = (await processesOf(folder)).filter((one) => one.isOwn);
    if (left.length === 0) {
      return;
    }
    const elapsed = performance.now() - begun;
    if (elapsed > LIMIT_MS) {
      throw new Error(`processes that cannot be ended: ${left.map((one) => one.pid).join(", ")}`);
    }
    for (const { pid } of left) {
      if (elapsed > GRACE_MS) {
        send(pid, "SIGKILL");
      } else if (!asked.has(pid)) {
        asked.add(pid);
        send(pid, "SIGINT");
      }
    }
    await sleep(50);
  }
}

/** Sends a signal; a process that has just gone is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
      throw error;
    }
  }
}

async function lookInto(pid: number, folder: string): Promise<LabProcess | undefined> {
  if (pid === process.pid) {
    return undefined;
  }
  const [command, environment, cwd] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""),
    readlink(`/proc/${pid}/cwd`).catch(() => ""),
  ]);
  if (
    ![command, environment, cwd].some((text) => mentions(text, folder)) ||
    !(await isAlive(pid))
  ) {
    return undefined;
  }
  return aProcess(pid, command.replaceAll("\0", " ").trim(), { environment, folder });
}

/** PostgreSQL's backends overwrite their environment with their title, so they are known by name. */
function aProcess(
  pid: number,
  command: string,
  { environment, folder }: { readonly environment: string; readonly folder: string },
): LabProcess {
  const isMarked = environment.includes(`${LAB_VARIABLE}=${folder}`);
  return { pid, command, isOwn: isMarked || /^(\S*\/)?postgres\b/u.test(command) };
}

/** Where there is no /proc (macOS). */
async function processesByPs(folder: string): Promise<readonly LabProcess[]> {
  const args = ["-axww", "-E", "-o", "pid=,command="];
  const list = await run("ps", args, { cwd: "/", env: constructedEnvironment() });
  return list
    .split("\n")
    .filter((line) => mentions(line, folder))
    .map((line) => {
      const command = line.replace(/^\s*\d+\s+/u, "");
      return aProcess(Number.parseInt(line, 10), command, { environment: line, folder });
    })
    .filter((one) => one.pid !== process.pid);
}

/** The whole path, not the beginning of a longer name. */
function mentions(text: string, folder: string): boolean {
  for (let at = text.indexOf(folder); at !== -1; at = text.indexOf(folder, at + 1)) {
    if (!/[\w-]/u.test(text.charAt(at + folder.length))) {
      return true;
    }
  }
  return false;
}
