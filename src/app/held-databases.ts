import type { DatabaseHold } from "../system/postgres-hold.ts";
import type { DatabaseSwap } from "../system/postgres-swap.ts";

/** The same, but everything that a plan does to databases is done while this rollwatch alone has the server's lock. */
export function heldDatabases(databases: DatabaseSwap, hold: DatabaseHold): DatabaseSwap {
  return {
    ...databases,
    obstacles: async (pair, systemIdentifier, signal) => {
      await hold.ensure(signal);
      return databases.obstacles(pair, systemIdentifier, signal);
    },
    moveSequences: async (pair, signal) => {
      await hold.ensure(signal);
      return databases.moveSequences(pair, signal);
    },
    swap: async (pair, opening, signal) => {
      await hold.ensure(signal);
      return databases.swap(pair, opening, signal);
    },
  };
}
