import type { World } from "../../src/app/world.ts";

/** What makes databases beside the live one. */
export type Warming = NonNullable<World["warming"]>;

async function never(): Promise<never> {
  throw new Error("there is no such program");
}

/** A server without pg_dump; its databases are those of the map, by name. */
export function aServer(
  databases: Map<string, number>,
  over: Partial<Warming["beside"]> = {},
): Warming {
  const contents = { rows: { "public.readings": 3 }, sequences: [], invalidIndexes: [] };
  const properties = { owner: "app", connectionLimit: -1, acl: [], settings: [], comment: null };
  return {
    programs: { find: async () => undefined, dump: never, dumpSchema: never, decode: never },
    restorer: { copy: never, restore: never },
    source: {
      environment: {},
      facts: async () => ({
        database: "app",
        systemIdentifier: "1",
        serverVersion: "15.18",
        serverMajor: 15,
        bytes: 1000,
        sessions: [],
      }),
      withSnapshot: async (use, signal) => use({ name: "1", xids: "10:10:", ...contents }, signal),
      clone: never,
      dropClone: never,
    },
    beside: {
      live: async () => ({ name: "app", oid: 7, owner: "app", dataDirectory: null }),
      refusals: async () => [],
      oidOf: async (name) => databases.get(name),
      clone: async (name) => {
        databases.set(name, 100 + databases.size);
        return databases.get(name) ?? 0;
      },
      create: never,
      copyProperties: async () => properties,
      analyze: never,
      look: async () => contents,
      close: async () => undefined,
      drop: async ({ name }) => (databases.delete(name) ? "dropped" : "gone"),
      ...over,
    },
  };
}
