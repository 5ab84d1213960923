import { z } from "zod";
import type { AsideDatabase } from "../../model/aside-database.ts";
import { Failure } from "../../model/failure.ts";
import { writeAside } from "../../release/aside-databases.ts";
import type { LiveView } from "../../system/postgres-swap.ts";
import {
  databasePorts,
  type DatabaseStepPorts,
  SwapStepBase,
  swapOf,
} from "../database-descriptor.ts";
import type { Step } from "../step.ts";

/**
 * Looks at the live database from a new connection of the application's role, before anything of the application is started. Quick whatever
 * its size: its rows were counted while the services were still running, and nobody could connect since.
 */
export const VerifyDatabaseDescriptor = SwapStepBase.extend({
  kind: z.literal("verify-database"),
});
export type VerifyDatabaseDescriptor = z.infer<typeof VerifyDatabaseDescriptor>;

/** Never done beforehand: it looks and changes nothing, so looking again does no harm. */
export function createVerifyDatabase(
  descriptor: VerifyDatabaseDescriptor,
  ports: DatabaseStepPorts,
): Step {
  const used = databasePorts(ports);
  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) => {
      const swap = await swapOf(descriptor, used);
      const { live } = swap.pair;
      const view = await used.databases.view(live, signal);
      const problems = problemsOf(swap, view);
      if (problems.length > 0) {
        throw new Failure(
          "swap-failed",
          `${live} is not what was put there: ${problems.join("; ")}`,
          {
            hint: "The services stay stopped, and the replaced database is kept; docs/database.md has the SQL that swaps back.",
          },
        );
      }
      if (swap.swappedAt === undefined) {
        const { files, stateFolder } = used.making;
        const swappedAt = await used.databases.moment(signal);
        await writeAside(files, stateFolder, { ...swap, swappedAt });
      }
      return `${live} answers the application's role, which ${tellWriting(view)}; all ${view.tables.length} tables are there`;
    },
  };
}

function problemsOf(
  { pair, next }: AsideDatabase,
  { oid, tables, writing }: LiveView,
): readonly string[] {
  const there = new Set(tables);
  return [
    ...(oid === pair.next.oid
      ? []
      : [`a new connection meets database ${oid} instead of ${pair.next.oid}`]),
    ...(writing.kind === "refused"
      ? [`the application's role cannot write: ${writing.reason}`]
      : []),
    ...Object.keys(next.rows)
      .filter((table) => !there.has(table))
      .map((table) => `there is no ${table}`),
  ];
}

function tellWriting({ writing }: LiveView): string {
  return writing.kind === "possible"
    ? `may write (${writing.table})`
    : "may write into no table, as its rights say";
}
