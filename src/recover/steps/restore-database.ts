import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { makeBeside } from "../../release/database-beside.ts";
import { besideName } from "../../release/warm-database.ts";
import { StepBase } from "../descriptor.ts";
import { databasePorts, type DatabaseStepPorts } from "../database-descriptor.ts";
import type { Step } from "../step.ts";

/** Restores the release's dump into a database of its own beside the live one, where none waits. */
export const RestoreDatabaseDescriptor = StepBase.extend({
  kind: z.literal("restore-database"),
  release: z.string(),
});
export type RestoreDatabaseDescriptor = z.infer<typeof RestoreDatabaseDescriptor>;

/** Done when the release has a database that waits. */
export function createRestoreDatabase(
  { text, release }: RestoreDatabaseDescriptor,
  ports: DatabaseStepPorts,
): Step {
  const { catalogue, clock } = ports;
  const { making } = databasePorts(ports);
  return {
    describe: () => text,
    isDone: async (signal) => {
      const warm = await catalogue.readWarm(release);
      return warm !== undefined && (await making.beside.oidOf(warm.name, signal)) === warm.oid;
    },
    run: async (signal) => {
      const dump = await catalogue.readDatabase(release);
      if (dump?.kind !== "dump") {
        throw new Failure("refused", `${release} has no dump that could be restored`, {
          hint: "Set `database.dump`; `rollwatch release verify` says what each release has.",
        });
      }
      const path = join(catalogue.folderOf(release), dump.file);
      const name = besideName(clock.now());
      const { seconds } = await makeBeside(
        making,
        { way: "restored", dump, path, name },
        async (warm) => catalogue.writeWarm(release, warm),
        signal,
      );
      return `restored ${dump.file} into ${name} in ${seconds.toFixed(1)} s`;
    },
  };
}
