import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";

/** Time, as one thing that can be replaced. All of `src/` reads it from here. */
export interface Clock {
  /** Wall time, ms since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps with the wall clock. */
  monotonic(): number;
  /** Which start of the machine this is, and ms since then on a scale that nobody sets; undefined where the system does not tell. */
  boot(): Boot | undefined;
  /** Waits `ms`; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts when `parent` does, or after `ms` with a TimeoutError. */
  deadline(ms: number, parent: AbortSignal): AbortSignal;
}

/** A moment of one run of the machine; what it slept does not count. */
export interface Boot {
  readonly id: string;
  readonly ms: number;
}

/** Another one after each start of the machine: https://docs.kernel.org/admin-guide/sysctl/kernel.html#random */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** Node's timers fire at once when asked for more than this (24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The wall clock was set when it moved by this much more or less than time passed; smaller steps are a time server's. */
const CLOCK_SET_MS = 1000;

/** What the wall clock shows beyond the monotonic one, in ms; changes when it is set. */
export function offsetOf(clock: Pick<Clock, "now" | "monotonic">): number {
  return clock.now() - clock.monotonic();
}

/** Whether the wall clock was set since it had this offset. */
export function isClockSet(clock: Pick<Clock, "now" | "monotonic">, offset: number): boolean {
  return Math.abs(offsetOf(clock) - offset) > CLOCK_SET_MS;
}

/** The machine's clock. */
export function openClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    boot: () => bootAt(process.hrtime.bigint()),
    sleep,
    deadline,
  };
}

/** The monotonic clock of Linux counts from the machine's start, in every process alike. */
function bootAt(ns: bigint): Boot | undefined {
  try {
    return { id: readFileSync(BOOT_ID, "utf8").trim(), ms: Number(ns / 1_000_000n) };
  } catch {
    return undefined;
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  let left = ms;
  while (left > LONGEST_TIMER_MS) {
    await pause(LONGEST_TIMER_MS, signal);
    left -= LONGEST_TIMER_MS;
  }
  await pause(left, signal);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  setMaxListeners(0, signal); // Many wait on the one signal that ends the daemon: no leak.
  await new Promise<void>((resolve) => {
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
  signal.throwIfAborted();
}

/**
 * Not `AbortSignal.any`: on Node 20 that leaves something behind in a long-lived parent for every call. Here the parent
 * is let go when the deadline passes.
 */
function deadline(ms: number, parent: AbortSignal): AbortSignal {
  if (parent.aborted) {
    return AbortSignal.abort(parent.reason);
  }
  const controller = new AbortController();
  function onParent(): void {
    clearTimeout(timer);
    controller.abort(parent.reason);
  }
  const timer = setTimeout(
    () => {
      parent.removeEventListener("abort", onParent);
      controller.abort(new DOMException(`timed out after ${ms} ms`, "TimeoutError"));
    },
    Math.min(ms, LONGEST_TIMER_MS),
  );
  timer.unref();
  setMaxListeners(0, parent);
  parent.addEventListener("abort", onParent, { once: true });
  return controller.signal;
}
