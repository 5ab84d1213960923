import { readFile } from "node:fs/promises";
import { pid as ownPid } from "node:process";
import type { Clock } from "./clock.ts";
import type { Instance } from "./instance.ts";
import { KILL_GRACE_MS, POLL_MS, signalTo } from "./process-group.ts";
import { pids, statOf } from "./process-table.ts";

/** In the environment of every child, and so of all that it starts: `<instance>.<number of the run>`. */
export const TAG_VARIABLE = "ROLLWATCH_CHILD";
/** How long what a dead rollwatch left may take to end after TERM; git removes its locks in it. */
const LEFT_GRACE_MS = 1000;

/** A process that bears a tag. */
interface Tagged {
  readonly pid: number;
  readonly tag: string;
}

/** Ends every process of one run, also those that left its group (`setsid`); false when some would not end. What has thrown its environment away is not found. */
export async function endRun(tag: string, clock: Clock): Promise<boolean> {
  const left = await endAll(clock, 0, async () => tagged(async (one) => one === tag));
  return left.length === 0;
}

/**
 * Ends what earlier processes of this state folder left running, with their groups; returns how many there were, and those that
 * would not end. What a rollwatch that still runs has started is left alone.
 */
export async function endLeftBehind(
  instance: Instance,
  clock: Clock,
): Promise<{ readonly found: number; readonly stuck: readonly number[] }> {
  async function find(): Promise<readonly number[]> {
    return tagged(async (tag) => instance.isLeft(tag.slice(0, tag.lastIndexOf("."))));
  }
  const found = await find();
  return { found: found.length, stuck: await endAll(clock, LEFT_GRACE_MS, find) };
}

/** TERM, after the grace KILL, again and again: they may start others meanwhile. Returns who is left at the end. */
async function endAll(
  clock: Clock,
  graceMs: number,
  find: () => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const begun = clock.monotonic();
  const told = new Set<number>();
  for (;;) {
    const found = await find();
    const tookMs = clock.monotonic() - begun;
    if (found.length === 0 || tookMs > graceMs + KILL_GRACE_MS) {
      return found;
    }
    const isKill = tookMs >= graceMs;
    for (const pid of found.filter((one) => isKill || !told.has(one))) {
      told.add(pid);
      await end(pid, isKill ? "SIGKILL" : "SIGTERM");
    }
    await clock.sleep(POLL_MS, new AbortController().signal);
  }
}

/** Its group too: every child has one of its own, and a member may have been started without the tag. */
async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  const found = await statOf(pid);
  const own = await statOf(ownPid);
  if (found !== undefined && found.group > 1 && found.group !== own?.group) {
    signalTo(-found.group, signal);
  }
  signalTo(pid, signal);
}

async function tagged(isMeant: (tag: string) => Promise<boolean>): Promise<readonly number[]> {
  const all = await Promise.all((await pids()).map(readTag));
  const bearing = all.filter((one) => one !== undefined && one.pid !== ownPid);
  const meant = await Promise.all(
    bearing.map(async (one) => (one !== undefined && (await isMeant(one.tag)) ? [one.pid] : [])),
  );
  return meant.flat();
}

async function readTag(pid: number): Promise<Tagged | undefined> {
  // Not ours to read: not ours to end. That of a zombie is empty.
  const text = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
  const entry = text.split("\0").find((one) => one.startsWith(`${TAG_VARIABLE}=`));
  return entry === undefined ? undefined : { pid, tag: entry.slice(TAG_VARIABLE.length + 1) };
}
