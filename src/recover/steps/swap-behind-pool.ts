import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { type ConnectionPool, letGoOn } from "../../system/pgbouncer.ts";
import type { DatabaseStepPorts } from "../database-descriptor.ts";
import type { StepPorts } from "../ports.ts";
import type { Step } from "../step.ts";
import { createSwapDatabase, SwapDatabaseDescriptor } from "./swap-database.ts";

/**
 * The swap while PgBouncer holds its clients back: they wait for a moment, and lose no request. One step, so that whatever ends it, and
 * the start after a kill, lets them go on.
 *
 * States, told by PgBouncer and by the OIDs: running -> paused -> paused and swapped -> running and swapped.
 */
export const SwapBehindPoolDescriptor = SwapDatabaseDescriptor.extend({
  kind: z.literal("swap-behind-pool"),
  /** How long open transactions may take to end, ms. */
  pauseMs: z.number().positive(),
});
export type SwapBehindPoolDescriptor = z.infer<typeof SwapBehindPoolDescriptor>;

type PooledPorts = DatabaseStepPorts & Pick<StepPorts, "pool">;

/** Done when the databases have changed places, and no client waits. */
export function createSwapBehindPool(
  descriptor: SwapBehindPoolDescriptor,
  ports: PooledPorts,
): Step {
  const pool = poolOf(ports);
  const swap = createSwapDatabase({ ...descriptor, kind: "swap-database" }, ports);
  return {
    describe: () => descriptor.text,
    isDone: async (signal) => {
      const pools = await pool.look(signal);
      return !pools.some(({ isPaused }) => isPaused) && (await swap.isDone(signal));
    },
    run: async (signal) => {
      const since = ports.clock.monotonic();
      const paused = await pool.pause(descriptor.pauseMs, signal);
      let seen: string;
      try {
        seen = await swap.run(signal);
      } finally {
        await letGoOn(pool, ports.clock);
      }
      const unknown = pool.databases.filter((name) => !paused.includes(name));
      const rest = unknown.length === 0 ? "" : `, which does not know ${unknown.join(", ")}`;
      return `${seen}; clients waited ${Math.round(ports.clock.monotonic() - since)} ms in PgBouncer${rest}`;
    },
  };
}

/** What holds clients back. */
export function poolOf({ pool }: Pick<StepPorts, "pool">): ConnectionPool {
  if (pool === undefined) {
    throw new Failure("refused", "no PgBouncer is configured any more", {
      hint: "Put `database.pgbouncer` back into the configuration, and start rollwatch again.",
    });
  }
  return pool;
}
