import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { capturedService, type CapturedService, lookAt, whyNotRestored } from "../services.ts";
import { stagedService } from "../staged-definitions.ts";
import type { Step } from "../step.ts";

/** Starts one service on the restored release. */
export const StartServiceDescriptor = StepBase.extend({
  kind: z.literal("start-service"),
  release: z.string(),
  service: z.string(),
  /** `restart` keeps the definition that pm2 holds, `replace` brings back the captured one. */
  how: z.enum(["restart", "replace"]),
  /** Present where the definitions are those that the plan keeps (`stage-definitions`), not the release's. */
  staged: z.literal(true).optional(),
});
export type StartServiceDescriptor = z.infer<typeof StartServiceDescriptor>;

/**
 * Done when all its processes were started after the switch, from the right folder and, for `replace`, by the captured
 * definitions, one for each. So a start is not repeated after a crash, and one that pm2 made by itself before the switch does not
 * count.
 */
export function createStartService(descriptor: StartServiceDescriptor, ports: StepPorts): Step {
  const { service, release, how, staged } = descriptor;

  async function wanted(): Promise<CapturedService> {
    return staged === true
      ? stagedService(ports, release, service)
      : capturedService(ports, release, service);
  }

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => {
      const { instances } = await lookAt(ports, service, signal);
      const captured = await wanted();
      const { definitions } = captured;
      const hashes = new Set(definitions.map((definition) => definition.hash));
      for (const instance of instances) {
        const isDefined = how === "restart" || hashes.has(instance.definitionHash);
        const problem = await whyNotRestored(ports, instance, captured);
        if (!isDefined || problem !== undefined) {
          return false;
        }
      }
      return how === "restart" ? instances.length > 0 : instances.length === definitions.length;
    },
    run: async (signal) => {
      const { instances } = await lookAt(ports, service, signal);
      if (how === "restart" && instances.length > 0) {
        for (const { id } of instances) {
          await ports.pm2.restart({ service, id }, signal);
        }
        return "started again";
      }
      const { definitions } = await wanted();
      if (definitions.length === 0) {
        throw new Failure(
          "service-unknown",
          `release ${release} holds no definition of ${service}`,
          {
            hint: `Start ${service} by hand.`,
          },
        );
      }
      await ports.pm2.replace(service, definitions, signal);
      return "started with its captured definition";
    },
  };
}
