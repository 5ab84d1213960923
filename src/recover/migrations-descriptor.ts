import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { StepBase } from "./descriptor.ts";
import type { SchemaPorts, StepPorts } from "./ports.ts";

/** What every step that is about migrations has. */
export const MigrationsStepBase = StepBase.extend({
  /** The release whose schema it is afterwards. */
  release: z.string(),
  /** What is taken down, as it is recorded, newest first. */
  names: z.array(z.string()).min(1),
});

/** What steps about migrations are given. */
export type MigrationsStepPorts = Pick<StepPorts, "schema">;

/** The ports of steps that change the schema. */
export function schemaPorts({ schema }: MigrationsStepPorts): SchemaPorts {
  if (schema === undefined) {
    throw new Failure("refused", "no down migrations are configured any more", {
      hint: "Put `database.migrations.down` back into the configuration, and start rollwatch again.",
    });
  }
  return schema;
}
