import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { folderDigestOf } from "../../release/migration-trial.ts";
import { schemaDigest } from "../../release/schema-digest.ts";
import {
  MigrationsStepBase,
  type MigrationsStepPorts,
  schemaPorts,
} from "../migrations-descriptor.ts";
import type { Step } from "../step.ts";

/** Asks, while nothing has been changed, whether everything still is as it was when the migrations were tried. */
export const CheckMigrationsDescriptor = MigrationsStepBase.extend({
  kind: z.literal("check-migrations"),
  /** Of the live schema when it was copied for the trial. */
  schemaDigest: z.string(),
  /** Of the folder that the migrations were tried with. */
  folderDigest: z.string(),
});
export type CheckMigrationsDescriptor = z.infer<typeof CheckMigrationsDescriptor>;

/** Never done beforehand: somebody may have migrated since. */
export function createCheckMigrations(
  descriptor: CheckMigrationsDescriptor,
  ports: MigrationsStepPorts,
): Step {
  const { migrations } = schemaPorts(ports);
  const { database, root } = migrations;
  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) => {
      const { names } = descriptor;
      const applied = await database.applied(undefined, signal);
      const schema = schemaDigest(await database.catalogue(undefined, signal));
      const changed = [
        ...(applied.slice(-names.length).toReversed().join("\n") === names.join("\n")
          ? []
          : [`the newest migrations are ${applied.slice(-names.length).join(", ") || "none"}`]),
        ...(schema === descriptor.schemaDigest ? [] : ["the schema is another one"]),
        ...((await folderDigestOf(migrations, root, signal)) === descriptor.folderDigest
          ? []
          : [`${migrations.settings.folder} has other files`]),
      ];
      if (changed.length > 0) {
        throw new Failure(
          "refused",
          `it is not as it was when the migrations were tried: ${changed.join("; ")}`,
          { hint: "Nothing was changed. Ask for the plan again: they are tried anew then." },
        );
      }
      return `everything is as it was when ${names.length} migrations were tried`;
    },
  };
}
