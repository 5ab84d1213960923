import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { capturedService } from "../services.ts";
import { readStaged, restoredDefinitions, writeStaged } from "../staged-definitions.ts";
import type { Step } from "../step.ts";

/** Keeps what services will be started with, so that they get back the environment of the captured release. */
export const StageDefinitionsDescriptor = StepBase.extend({
  kind: z.literal("stage-definitions"),
  release: z.string(),
  services: z.array(z.string()).min(1),
  /** Whether the captured definitions are put back whole; else the present ones get the captured variables. */
  whole: z.boolean(),
});
export type StageDefinitionsDescriptor = z.infer<typeof StageDefinitionsDescriptor>;

/** Done when the plan keeps definitions of every one of the services. */
export function createStageDefinitions(
  descriptor: StageDefinitionsDescriptor,
  ports: StepPorts,
): Step {
  const { services, release, whole } = descriptor;

  return {
    describe: () => descriptor.text,
    isDone: async () => {
      const names = new Set((await readStaged(ports)).map((definition) => definition.name));
      return services.every((name) => names.has(name));
    },
    run: async (signal) => {
      const present = await ports.pm2.definitions(services, signal);
      const staged = [];
      for (const name of services) {
        const { definitions } = await capturedService(ports, release, name);
        if (definitions.length === 0) {
          throw new Failure("service-unknown", `release ${release} knows no ${name}`, {
            hint: `Put the environment of ${name} right by hand, or go back to another release.`,
          });
        }
        const now = present.filter((definition) => definition.name === name);
        staged.push(...restoredDefinitions(definitions, now, whole));
      }
      await writeStaged(ports, staged);
      return `kept ${staged.length} definitions`;
    },
  };
}
