import type { ConnectionPool } from "../../src/system/pgbouncer.ts";

/** A pool of one database that does as it is told, and what it was told. */
export interface ToldPool extends ConnectionPool {
  readonly told: readonly string[];
}

/** Nobody is held back at first, unless it is said so. */
export function aPool(isPausedAtFirst = false): ToldPool {
  let isPaused = isPausedAtFirst;
  const told: string[] = [];
  const databases = ["app"];
  return {
    databases,
    told,
    look: async () => databases.map((name) => ({ name, isPaused })),
    isAdmin: async () => true,
    pause: async () => {
      told.push("pause");
      isPaused = true;
      return databases;
    },
    resume: async () => {
      const resumed = isPaused ? databases : [];
      told.push("resume");
      isPaused = false;
      return resumed;
    },
  };
}
