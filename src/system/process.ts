import { once } from "node:events";
import type { EventEmitter } from "node:events";
import { readFile, readdir, readlink, stat } from "node:fs/promises";
import { kill } from "node:process";
import { execa } from "execa";
import { Failure, messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { createMark, endMarked, type Mark } from "./process-escaped.ts";

/** One program run. No shell: `args` go to the program as they are. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** After this many milliseconds the child's process group gets TERM, then KILL. */
  readonly deadlineMs: number;
  /**
   * Whether what has left the group (`setsid`) is ended too, once the group is gone. It is known by a variable of its
   * environment. Default false: a daemon that the program was to start lives on.
   */
  readonly endsEscaped?: boolean;
}

/** How a program ended. Output is capped at 1 MiB per stream; what is beyond is dropped and `truncated` says so. */
export interface Finished {
  readonly kind: "exited" | "timed-out" | "not-found";
  /** Exit status; null when a signal ended it or it never ran. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** A process of this machine as the kernel tells it; parts that the platform or rights do not show are absent. */
export interface ProcessFacts {
  /** Distinguishes two processes that had the same pid. */
  readonly startTicks?: string;
  readonly cwd?: string;
  readonly commandLine?: string;
}

/** Other processes. */
export interface Processes {
  /** Runs a program in a process group of its own; returns when the whole group is gone. Abort ends it like the deadline does. */
  run(command: Command, signal: AbortSignal): Promise<Finished>;
  /** What the kernel says about a pid; undefined when there is no such process. */
  look(pid: number): Promise<ProcessFacts | undefined>;
  /** The environment that a process was started with, by the kernel's word; undefined where that is not shown. Secret. */
  environment(pid: number): Promise<Readonly<Record<string, string>> | undefined>;
}

const OUTPUT_LIMIT_BYTES = 1024 * 1024;
/** How long a group may take to end after TERM. */
const TERM_GRACE_MS = 2000;
/** How long the kernel may take to end a group after KILL; longer means that it is stuck in the kernel. */
const KILL_GRACE_MS = 10_000;
const POLL_MS = 20;
/** Longest time after its deadline until a run has returned, unless it hangs in the kernel. */
export const LONGEST_END_MS = TERM_GRACE_MS + 1500;

/** Opens the processes of this machine. */
export function openProcesses(clock: Clock): Processes {
  return {
    async run(command, signal) {
      signal.throwIfAborted();
      await requireFolder(command.cwd);
      return run(command, clock, signal);
    },
    look,
    environment,
  };
}

async function run(command: Command, clock: Clock, signal: AbortSignal): Promise<Finished> {
  const mark = command.endsEscaped === true ? createMark(clock) : undefined;
  const child = execa(command.program, command.args, {
    cwd: command.cwd,
    env: { ...command.env, ...mark?.env },
    extendEnv: false,
    detached: true,
    stdin: "ignore",
    buffer: false,
    reject: false,
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const deadline = clock.deadline(command.deadlineMs, signal);
  const group = child.pid;
  let wasEnded = false;
  if (group !== undefined) {
    wasEnded = await endOfGroup(child, group, clock, deadline);
    await endEscaped(mark, clock);
    // A descendant that left the group may still hold the pipes; what the group wrote has been read by now.
    await untilSettled(child, clock);
    child.stdout.destroy();
    child.stderr.destroy();
  }
  const result = await child;
  signal.throwIfAborted();
  if (group === undefined) {
    return neverRan(command, result);
  }
  return {
    kind: wasEnded ? "timed-out" : "exited",
    status: result.exitCode ?? null,
    stdout: stdout.text(),
    stderr: stderr.text(),
    truncated: stdout.isTruncated() || stderr.isTruncated(),
  };
}

/** Waits until the group is gone, and makes it go once the deadline is over; says whether it had to. */
export async function endOfGroup(
  leader: EventEmitter,
  group: number,
  clock: Clock,
  deadline: AbortSignal,
): Promise<boolean> {
  // While its leader runs the group is there; asking for more would read all of /proc each time.
  await once(leader, "exit", { signal: deadline }).catch(() => undefined);
  if (await isGoneBefore(group, clock, deadline)) {
    return false;
  }
  for (const [name, graceMs] of [
    ["SIGTERM", TERM_GRACE_MS],
    ["SIGKILL", KILL_GRACE_MS],
  ] as const) {
    send(group, name);
    if (await isGoneBefore(group, clock, clock.deadline(graceMs, new AbortController().signal))) {
      return true;
    }
  }
  throw survived(`process group ${group}`);
}

async function endEscaped(mark: Mark | undefined, clock: Clock): Promise<void> {
  if (mark === undefined) {
    return;
  }
  const limit = clock.deadline(KILL_GRACE_MS, new AbortController().signal);
  if (!(await endMarked(mark, { clock, pollMs: POLL_MS }, limit))) {
    throw survived("a process that left its group");
  }
}

function survived(who: string): Failure {
  return new Failure("program-failed", `${who} survived SIGKILL`, {
    hint: "It hangs inside the kernel, often on a dead disk or network mount; a person must look.",
  });
}

async function isGoneBefore(group: number, clock: Clock, end: AbortSignal): Promise<boolean> {
  while (!(await isGroupGone(group))) {
    try {
      await clock.sleep(POLL_MS, end);
    } catch {
      return isGroupGone(group);
    }
  }
  return true;
}

/** A group whose last members are zombies counts as gone: they run no code, and who reaps them is not ours to wait for. */
async function isGroupGone(group: number): Promise<boolean> {
  if (!send(group, 0)) {
    return true;
  }
  const pids = await readdir("/proc").catch((): string[] => []);
  if (!pids.includes("self")) {
    return false;
  }
  for (const pid of pids.filter((name) => /^\d+$/u.test(name))) {
    const fields = await statFields(Number(pid));
    if (fields !== undefined && fields[2] === String(group) && !/^[ZX]$/u.test(fields[0] ?? "")) {
      return false;
    }
  }
  return true;
}

/** Signals a group; false when there is none. */
function send(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    kill(-group, signal);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** A child whose group is gone is waited for no longer than this: a descendant may hold its pipes. */
export async function untilSettled(child: PromiseLike<unknown>, clock: Clock): Promise<void> {
  const grace = new AbortController();
  const over = clock.sleep(500, grace.signal).catch(() => undefined);
  await Promise.race([child, over]);
  grace.abort();
}

/** A program that could not be started; throws unless that is the program's own fault. */
export function neverRan(
  command: Command,
  result: { readonly code?: string | undefined; readonly originalMessage?: string | undefined },
): Finished {
  const reason = result.originalMessage ?? result.code ?? "unknown reason";
  if (result.code === "ENOENT" || result.code === "EACCES" || result.code === "ENOTDIR") {
    return { kind: "not-found", status: null, stdout: "", stderr: reason, truncated: false };
  }
  throw new Failure("program-failed", `${command.program} could not be started: ${reason}`, {
    hint: "The machine may be out of processes, memory or descriptors.",
  });
}

async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) {
    throw new Failure("program-failed", `the folder to run in does not exist: ${path}`, {
      hint: "Create the folder, or correct the path in the configuration.",
    });
  }
}

/** What a stream said so far. */
export interface Collected {
  readonly text: () => string;
  readonly isTruncated: () => boolean;
}

/** Keeps the first MiB of a stream. */
export function collect(stream: NodeJS.ReadableStream): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  let truncated = false;
  stream.on("data", (chunk: Buffer) => {
    const kept = chunk.subarray(0, OUTPUT_LIMIT_BYTES - size);
    truncated ||= kept.length < chunk.length;
    if (kept.length > 0) {
      // Also an empty part of a chunk would keep all of its memory.
      size += kept.length;
      chunks.push(kept);
    }
  });
  stream.on("error", () => undefined);
  return { text: () => Buffer.concat(chunks).toString("utf8"), isTruncated: () => truncated };
}

async function look(pid: number): Promise<ProcessFacts | undefined> {
  const fields = await statFields(pid);
  if (fields !== undefined && /^[ZX]$/u.test(fields[0] ?? "")) {
    return undefined;
  }
  if (fields === undefined && !isAlive(pid)) {
    return undefined;
  }
  const startTicks = fields?.[19];
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => undefined);
  return {
    ...(startTicks === undefined ? {} : { startTicks }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(raw === undefined ? {} : { commandLine: raw.replaceAll("\0", " ").trim() }),
  };
}

async function environment(pid: number): Promise<Readonly<Record<string, string>> | undefined> {
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

/** The fields of /proc/<pid>/stat from the third (the state) on; the second may itself hold blanks and parentheses. */
async function statFields(pid: number): Promise<readonly string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return messageOf(error).includes("EPERM");
  }
}
