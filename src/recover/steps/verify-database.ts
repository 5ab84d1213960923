import { z } from "zod";
import type { AsideDatabase } from "../../model/aside-database.ts";
import { Failure } from "../../model/failure.ts";
import { writeAside } from "../../release/aside-databases.ts";
import { databaseFingerprint } from "../../release/database-fingerprint.ts";
import type { LiveView } from "../../system/postgres-swap.ts";
import {
  databasePorts,
  type DatabaseStepPorts,
  SwapStepBase,
  swapOf,
} from "../database-descriptor.ts";
import type { Step } from "../step.ts";

/** Looks at the live database from a new connection of the application's role, before anything of the application is started. */
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
      const fingerprint =
        swap.next.schemaFingerprint === ""
          ? ""
          : await databaseFingerprint(used.making, live, signal);
      const problems = problemsOf(swap, view, fingerprint);
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
      const tables = Object.keys(swap.next.rows).length;
      return `${live} answers the application's role, which may write; ${tables} tables have the rows of the manifest`;
    },
  };
}

/** More rows than in the manifest are those of programs that went on writing; fewer are a loss. */
function problemsOf(
  { pair, next }: AsideDatabase,
  { oid, rows, writeProblem }: LiveView,
  fingerprint: string,
): readonly string[] {
  const lost = Object.entries(next.rows).filter(([table, count]) => (rows[table] ?? -1) < count);
  const isOther =
    next.schemaFingerprint !== "" && fingerprint !== "" && fingerprint !== next.schemaFingerprint;
  return [
    ...(oid === pair.next.oid
      ? []
      : [`a new connection meets database ${oid} instead of ${pair.next.oid}`]),
    ...(writeProblem === null ? [] : [`the application's role cannot write: ${writeProblem}`]),
    ...lost.map(([table, count]) => `${table} has ${rows[table] ?? "no"} rows instead of ${count}`),
    ...(isOther ? ["its schema is not that of the manifest"] : []),
  ];
}
