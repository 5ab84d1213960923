import { execa } from "execa";
import { Failure } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { endOfGroup } from "./process-group.ts";
import { collect } from "./process-output.ts";

/** One program run. No shell: `args` go to the program as they are. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child but for the tag that it is found by; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** After this many milliseconds the child's process group gets TERM, then KILL. */
  readonly deadlineMs: number;
  /** Milliseconds from TERM to KILL. Default 10,000. */
  readonly graceMs?: number;
  /** Whether what has left the group (`setsid`) is ended too, once the group is gone. Default false. */
  readonly endsEscaped?: boolean;
  /**
   * Whether it may start a daemon that is to outlive rollwatch, and what that starts: then it bears no tag, and no later start
   * ends it. Default false.
   */
  readonly leavesDaemon?: boolean;
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

/** A command that is about to run. */
export interface Child {
  readonly command: Command;
  /** Its environment, with the tag. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends what left its group, where it is to be ended; false where something would not. */
  readonly endEscaped: () => Promise<boolean>;
  /** Notes a group that did not end by KILL. */
  readonly remember: (group: number) => void;
}

/** Something that survived KILL. */
export interface Stuck {
  /** As people are told of it. */
  readonly told: string;
  readonly isGone: () => Promise<boolean>;
}

/** Milliseconds from TERM to KILL for what a probe runs: it is to answer, not to clean up. */
export const PROBE_GRACE_MS = 2000;
/** Longest time after its deadline until the run of a probe has returned, unless it hangs in the kernel. */
export const LONGEST_END_MS: number = PROBE_GRACE_MS + 1500;
/** Time for git to remove its locks, for a migration to roll back. */
const TERM_GRACE_MS = 10_000;

/** Runs it to its end, and makes sure of that. Throws `child-stuck` where it would not end. */
export async function runOne(
  { command, env, endEscaped, remember }: Child,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finished> {
  const ways = { ...waysOf(command, env), stdin: "ignore", buffer: false } as const;
  const child = execa(command.program, command.args, ways);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const deadline = clock.deadline(command.deadlineMs, signal);
  let wasEnded = false;
  try {
    wasEnded = await endOf(child, { command, env, endEscaped, remember }, clock, deadline);
    // A descendant that left the group may still hold the pipes; what the group wrote has been read by now.
    await untilSettled(child, clock);
  } finally {
    child.stdout.destroy();
    child.stderr.destroy();
  }
  const result = await child;
  signal.throwIfAborted();
  if (child.pid === undefined) {
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

/** How every child is started. */
export function waysOf(
  { cwd }: Command,
  env: Readonly<Record<string, string>>,
): {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly extendEnv: false;
  readonly detached: true;
  readonly reject: false;
} {
  return { cwd, env, extendEnv: false, detached: true, reject: false };
}

/** Waits until nothing of it is left; says whether it had to be ended. Throws `child-stuck`. */
export async function endOf(
  leader: Parameters<typeof endOfGroup>[0] & { readonly pid?: number | undefined },
  { command, endEscaped, remember }: Child,
  clock: Clock,
  deadline: AbortSignal,
): Promise<boolean> {
  const { pid: group } = leader;
  if (group === undefined) {
    return false;
  }
  const { graceMs = TERM_GRACE_MS, program } = command;
  const ended = await endOfGroup(leader, { group, graceMs }, clock, deadline);
  if (ended === "stuck") {
    remember(group);
    throw stuckFailure(`process group ${group} of ${program}`);
  }
  if (!(await endEscaped())) {
    throw stuckFailure(`a process that left the group of ${program}`);
  }
  return ended === "ended";
}

function stuckFailure(who: string): Failure {
  return new Failure("child-stuck", `${who} survived SIGKILL`, {
    hint: "It hangs inside the kernel, often on a dead disk or network mount; a person must look.",
  });
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
