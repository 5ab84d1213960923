import { once } from "node:events";
import type { EventEmitter } from "node:events";
import { kill } from "node:process";
import type { Clock } from "./clock.ts";
import { pids, statOf } from "./process-table.ts";

/** How long the kernel may take to end what got KILL; longer means that it is stuck in the kernel. */
export const KILL_GRACE_MS = 10_000;
/** How often it is looked whether something is gone. */
export const POLL_MS = 20;

/** How a group ended; `stuck`: it is still there, long after KILL. */
export type GroupEnd = "by-itself" | "ended" | "stuck";

/** Waits until the group is gone, and makes it go once the deadline is over: TERM, and after `graceMs` KILL. */
export async function endOfGroup(
  leader: EventEmitter,
  { group, graceMs }: { readonly group: number; readonly graceMs: number },
  clock: Clock,
  deadline: AbortSignal,
): Promise<GroupEnd> {
  // While its leader runs the group is there; asking for more would read all of /proc each time.
  await once(leader, "exit", { signal: deadline }).catch(() => undefined);
  if (await isGoneBefore(group, clock, deadline)) {
    return "by-itself";
  }
  for (const [name, patienceMs] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", KILL_GRACE_MS],
  ] as const) {
    signalTo(-group, name);
    const patience = clock.deadline(patienceMs, new AbortController().signal);
    if (await isGoneBefore(group, clock, patience)) {
      return "ended";
    }
  }
  return "stuck";
}

/** Signals a process, or by a negative number a group; false when there is none. */
export function signalTo(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    kill(target, signal);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** A group whose last members are zombies counts as gone: they run no code, and who reaps them is not ours to wait for. */
export async function isGroupGone(group: number): Promise<boolean> {
  if (!signalTo(-group, 0)) {
    return true;
  }
  const all = await pids();
  if (all.length === 0) {
    return false;
  }
  for (const pid of all) {
    const found = await statOf(pid);
    if (found?.group === group && !found.isDead) {
      return false;
    }
  }
  return true;
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
