import { readdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const TURNS = 3;

/** What a process holds. */
export interface Footprint {
  /** Of the heap after a full collection, in MiB. */
  readonly heapMiB: number;
  readonly descriptors: number;
  /** Sockets, servers, real timers and the like that keep Node alive. */
  readonly resources: number;
}

/** Takes the footprint of this process. What is collected is given back to the kernel in later turns. */
export async function takeFootprint(): Promise<Footprint> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") {
    throw new TypeError("this Node does not give its collector away");
  }
  for (let turn = 0; turn < TURNS; turn += 1) {
    collect();
    await nextTurn();
  }
  return {
    heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
    descriptors: readdirSync("/proc/self/fd").length,
    resources: process.getActiveResourcesInfo().length,
  };
}

/** How a line through the values rises from one to the next: the least squares. */
export function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const rise = values.reduce((sum, one, place) => sum + (place - middle) * (one - mean), 0);
  const run = values.reduce((sum, _one, place) => sum + (place - middle) ** 2, 0);
  return rise / run;
}
