import { z } from "zod";
import type { AsideDatabase } from "../../model/aside-database.ts";
import { Failure } from "../../model/failure.ts";
import { readAside, writeAside } from "../../release/aside-databases.ts";
import { databasePorts, type DatabaseStepPorts, SwapStepBase } from "../database-descriptor.ts";
import type { Step } from "../step.ts";

/** Asks whether the swap is possible while nothing has been changed, and notes it: what, and what was live before. */
export const CheckDatabaseDescriptor = SwapStepBase.extend({
  kind: z.literal("check-database"),
  /** What becomes live: the waiting database of the release, or one that was replaced before. */
  source: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("release") }),
    z.object({ kind: z.literal("aside"), name: z.string() }),
  ]),
  release: z.string(),
  /** The moment of the data that people were asked about, ms since the epoch. Not asked of one that was kept. */
  at: z.number(),
  /** What was live when the plan was made. */
  live: z.object({ name: z.string(), oid: z.number().int() }),
});
export type CheckDatabaseDescriptor = z.infer<typeof CheckDatabaseDescriptor>;

type Found = Pick<AsideDatabase, "next" | "systemIdentifier"> & {
  readonly database: AsideDatabase["pair"]["next"];
};

/** Never done beforehand: what stands in the way may have come since. */
export function createCheckDatabase(
  descriptor: CheckDatabaseDescriptor,
  ports: DatabaseStepPorts,
): Step {
  const { aside, live, source } = descriptor;
  const { databases, making } = databasePorts(ports);
  const { files, stateFolder } = making;

  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) => {
      const { database, next, systemIdentifier } =
        source.kind === "release"
          ? await waiting(ports, descriptor)
          : await kept(ports, source.name);
      const pair = {
        live: live.name,
        replaced: { name: aside, oid: live.oid },
        next: database,
      };
      const standing = await databases.look(pair, signal);
      const obstacles = [
        ...(standing === "before"
          ? []
          : [`${live.name} or ${database.name} is another database by now`]),
        ...(await databases.obstacles(pair, systemIdentifier, signal)),
      ];
      if (obstacles.length > 0) {
        throw new Failure("refused", `the databases cannot be swapped: ${obstacles.join("; ")}`, {
          hint: "Nothing was changed.",
        });
      }
      const properties = await databases.properties(live.name, signal);
      const at = ports.clock.now();
      const plan = ports.planId;
      const { release } = descriptor;
      const swap = { pair, at, plan, release, systemIdentifier, next, properties };
      await writeAside(files, stateFolder, swap);
      return `nothing stands in the way of ${database.name}`;
    },
  };
}

async function waiting(
  { catalogue }: DatabaseStepPorts,
  { release, at }: CheckDatabaseDescriptor,
): Promise<Found> {
  const warm = await catalogue.readWarm(release);
  if (warm === undefined) {
    throw new Failure("refused", `no database of ${release} waits beside the live one`, {
      hint: "Set `database.rollback.warm`, or `database.dump` for one to restore.",
    });
  }
  if (warm.at !== at) {
    throw new Failure("refused", `${warm.name} holds the data of another moment than the plan`, {
      hint: "It was made anew since people were asked: ask for the plan again.",
    });
  }
  const { name, oid, systemIdentifier, properties, rows, schemaFingerprint } = warm;
  const next = { properties, rows, schemaFingerprint };
  return { database: { name, oid }, systemIdentifier, next };
}

/** It goes back to what it was: what it holds by now, no manifest tells. */
async function kept(ports: DatabaseStepPorts, name: string): Promise<Found> {
  const { files, stateFolder } = databasePorts(ports).making;
  const before = await readAside(files, stateFolder, name);
  if (before === undefined) {
    throw new Failure("refused", `rollwatch has kept no database ${name}`, {
      hint: "Its notes of swaps lie in `<state>/asides`.",
    });
  }
  const { pair, properties, systemIdentifier } = before;
  const next = { properties, rows: {}, schemaFingerprint: "" };
  return { database: pair.replaced, systemIdentifier, next };
}
