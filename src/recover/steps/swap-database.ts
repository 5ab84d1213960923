import { z } from "zod";
import type { AsideDatabase } from "../../model/aside-database.ts";
import { Failure, messageOf } from "../../model/failure.ts";
import type { DatabaseSwap } from "../../system/postgres-swap.ts";
import {
  databasePorts,
  type DatabaseStepPorts,
  SwapStepBase,
  swapOf,
} from "../database-descriptor.ts";
import type { Step } from "../step.ts";

/** Lets the waiting database take the live one's name, and keeps the live one; both at once, or neither. */
export const SwapDatabaseDescriptor = SwapStepBase.extend({
  kind: z.literal("swap-database"),
  /** How long it is tried again while a session or a server that restarts is in the way. */
  patienceMs: z.number().nonnegative(),
});
export type SwapDatabaseDescriptor = z.infer<typeof SwapDatabaseDescriptor>;

/** Time for what a dead rollwatch left at the server to end, and for a server to come back. */
const AGAIN_MS = 500;
/** Longer than the server's own limit for a swap. */
const LATEST_MS = 40_000;

/** Done when the OIDs say so: they survive renames, and there is nothing in between. */
export function createSwapDatabase(
  descriptor: SwapDatabaseDescriptor,
  ports: DatabaseStepPorts,
): Step {
  const used = databasePorts(ports);
  const { databases } = used;

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => {
      const { pair } = await swapOf(descriptor, used);
      return (await databases.look(pair, signal)) === "after";
    },
    run: async (signal) => {
      const swap = await swapOf(descriptor, used);
      const until = ports.clock.monotonic() + descriptor.patienceMs;
      for (;;) {
        const reason = await tryOrTell(databases, swap, signal);
        if (reason === undefined) {
          return `${swap.pair.next.name} is ${swap.pair.live} now; the other is kept as ${descriptor.aside}`;
        }
        if (ports.clock.monotonic() >= until) {
          if (await cameLate(used, ports, swap, signal)) {
            return `${swap.pair.next.name} is ${swap.pair.live} now, by an attempt that was given up; the other is kept as ${descriptor.aside}`;
          }
          throw notSwapped(swap, reason);
        }
        await ports.clock.sleep(AGAIN_MS, signal);
      }
    },
  };
}

/** Undefined where it is swapped; else what kept it from being swapped this time. */
async function tryOnce(
  databases: DatabaseSwap,
  swap: AsideDatabase,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { pair, systemIdentifier, next } = swap;
  const standing = await databases.look(pair, signal);
  if (standing === "foreign") {
    throw foreign(swap);
  }
  if (standing === "after") {
    return undefined;
  }
  const obstacles = await databases.obstacles(pair, systemIdentifier, signal);
  if (obstacles.length > 0) {
    return obstacles.join("; ");
  }
  const attempt = await databases.swap(pair, next.properties, signal);
  return attempt.kind === "swapped" ? undefined : attempt.reason;
}

/** A server that does not answer may have begun, or ended, the swap: only the next look tells. */
async function tryOrTell(
  databases: DatabaseSwap,
  swap: AsideDatabase,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await tryOnce(databases, swap, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === "refused") {
      throw error;
    }
    return messageOf(error);
  }
}

/**
 * Whether an attempt whose answer never came was made after all. Asked once the server has none under way any more: what stands then
 * stays. A transaction of a swap ends by itself within 30 s.
 */
async function cameLate(
  { databases }: { readonly databases: DatabaseSwap },
  { clock }: Pick<DatabaseStepPorts, "clock">,
  { pair }: AsideDatabase,
  signal: AbortSignal,
): Promise<boolean> {
  const until = clock.monotonic() + LATEST_MS;
  for (;;) {
    try {
      if (await databases.isSettled(signal)) {
        return (await databases.look(pair, signal)) === "after";
      }
    } catch {
      // A server that still does not answer is asked again.
      signal.throwIfAborted();
    }
    if (clock.monotonic() >= until) {
      return false;
    }
    await clock.sleep(AGAIN_MS, signal);
  }
}

function foreign({ pair: { live, replaced, next } }: AsideDatabase): Failure {
  return new Failure(
    "refused",
    `neither the database ${replaced.oid} nor ${next.oid} is where rollwatch left it: somebody renamed or dropped one of ${live}, ${replaced.name}, ${next.name}`,
    {
      hint: "Nothing was swapped now. Look at `select oid, datname from pg_database` before anything is started.",
    },
  );
}

function notSwapped({ pair }: AsideDatabase, reason: string): Failure {
  return new Failure("swap-failed", `${pair.live} was not swapped: ${reason}`, {
    hint: "The live database is as it was, and the services stay stopped. Declare sessions that may be ended in `database.rollback.mayEnd`, or end them by hand, and ask again (`rollwatch rollback --scope database`); or start the services with pm2 on what is there. If the server did not answer to the end, `select oid, datname from pg_database` tells which one is live.",
  });
}
