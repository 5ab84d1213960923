import { z } from "zod";
import type { AsideDatabase } from "../../model/aside-database.ts";
import { Failure } from "../../model/failure.ts";
import { databaseFingerprint } from "../../release/database-fingerprint.ts";
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
      const compared = await compare(ports, { name: database.name, next }, signal);
      const properties = await databases.properties(live.name, signal);
      const at = ports.clock.now();
      const plan = ports.planId;
      const { release, at: dataAt } = descriptor;
      const swap = { pair, at, plan, release, systemIdentifier, next, properties, dataAt };
      await writeAside(files, stateFolder, swap);
      return `nothing stands in the way of ${database.name}${compared}`;
    },
  };
}

/**
 * Compares the one that waits with its manifest: now, while the services run, since counting takes longer the larger it is. It is closed,
 * so that what is counted here is what becomes live. Returns what was compared, for people.
 */
async function compare(
  ports: DatabaseStepPorts,
  { name, next }: { readonly name: string; readonly next: AsideDatabase["next"] },
  signal: AbortSignal,
): Promise<string> {
  const { databases, making } = databasePorts(ports);
  const tables = Object.entries(next.rows);
  if (tables.length === 0) {
    return "";
  }
  const [rows, fingerprint] = await databases.whileOpen(
    name,
    async () =>
      Promise.all([
        databases.countRows(name, signal),
        next.schemaFingerprint === "" ? "" : databaseFingerprint(making, name, signal),
      ]),
    signal,
  );
  const differing = tables.filter(([table, count]) => rows[table] !== count);
  const isCompared = next.schemaFingerprint !== "" && fingerprint !== "";
  const problems = [
    ...differing.map(
      ([table, count]) => `${table} has ${rows[table] ?? "no"} rows instead of ${count}`,
    ),
    ...(isCompared && fingerprint !== next.schemaFingerprint
      ? ["its schema is not that of the manifest"]
      : []),
  ];
  if (problems.length > 0) {
    throw new Failure("refused", `${name} is not what its manifest says: ${problems.join("; ")}`, {
      hint: "Nothing was changed. A warm database is made anew once the deployed release is proven.",
    });
  }
  const schema = isCompared ? "its schema" : "its schema is not compared, for want of pg_dump";
  return `: ${tables.length} tables have the rows of the manifest, ${isCompared ? `and ${schema} is the same` : schema}`;
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
