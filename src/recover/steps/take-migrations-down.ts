import { z } from "zod";
import { Failure, messageOf } from "../../model/failure.ts";
import { takeDown } from "../../release/migration-run.ts";
import {
  MigrationsStepBase,
  type MigrationsStepPorts,
  schemaPorts,
} from "../migrations-descriptor.ts";
import type { Step } from "../step.ts";

/** Takes migrations down in the live database, as they were tried on a copy, while the services stand still. */
export const TakeMigrationsDownDescriptor = MigrationsStepBase.extend({
  kind: z.literal("take-migrations-down"),
});
export type TakeMigrationsDownDescriptor = z.infer<typeof TakeMigrationsDownDescriptor>;

/** Done when none of them is recorded and the schema is the release's; those that are gone already are not taken down again. */
export function createTakeMigrationsDown(
  descriptor: TakeMigrationsDownDescriptor,
  ports: MigrationsStepPorts,
): Step {
  const { migrations, whatDiffers } = schemaPorts(ports);
  const { names, release } = descriptor;

  async function stillThere(signal: AbortSignal): Promise<readonly string[]> {
    const applied = await migrations.database.applied(undefined, signal);
    return names.filter((name) => applied.includes(name));
  }

  return {
    describe: () => descriptor.text,
    isDone: async (signal) =>
      (await stillThere(signal)).length === 0 && (await whatDiffers(release, signal)) === undefined,
    run: async (signal) => {
      const left = await stillThere(signal);
      if (left.length > 0) {
        await takeDown(migrations, { names: left }, signal).catch(async (error: unknown) => {
          signal.throwIfAborted();
          throw unfinished(messageOf(error), await stillThere(signal));
        });
      }
      const different = await whatDiffers(release, signal);
      if (different !== undefined) {
        throw new Failure(
          "migrations-failed",
          `the migrations are down, and the schema is not that of ${release}: ${different}`,
          { hint: "The services stay stopped: a person must look at the schema." },
        );
      }
      return `${names.length} migrations are down, and the schema is that of ${release}`;
    },
  };
}

/** What a person must know who goes on by hand. */
function unfinished(reason: string, left: readonly string[]): Failure {
  const where = left.length === 0 ? "none" : left.join(", ");
  return new Failure("migrations-failed", `${reason}; applied still: ${where}`, {
    hint: "The services stay stopped. Take the rest down by hand, or bring it up again, before anything is started.",
  });
}
