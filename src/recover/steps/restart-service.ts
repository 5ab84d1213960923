import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import type { ServiceInstance } from "../../model/service.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { lookAt } from "../services.ts";
import type { Step } from "../step.ts";

/** Restarts every process of one service, with the definition that pm2 holds. */
export const RestartServiceDescriptor = StepBase.extend({
  kind: z.literal("restart-service"),
  service: z.string(),
});
export type RestartServiceDescriptor = z.infer<typeof RestartServiceDescriptor>;

/**
 * Done when each of its processes is online and was started after the recovery began. So a restart is not repeated after a
 * crash, and a process that was done before it is left alone. What is stopped stays stopped.
 */
export function createRestartService(descriptor: RestartServiceDescriptor, ports: StepPorts): Step {
  const { service } = descriptor;

  async function look(signal: AbortSignal): Promise<readonly ServiceInstance[]> {
    const { instances } = await lookAt(ports, service, signal);
    if (instances.length === 0) {
      throw new Failure("service-unknown", `pm2 does not know ${service}`, {
        hint: `Start ${service} by hand.`,
      });
    }
    return instances.filter(({ status }) => status !== "stopped");
  }

  function isFresh({ status, startedAt }: ServiceInstance): boolean {
    return status === "online" && startedAt >= ports.switchedAt;
  }

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => (await look(signal)).every(isFresh),
    run: async (signal) => {
      const due = (await look(signal)).filter((instance) => !isFresh(instance));
      for (const { id } of due) {
        await ports.pm2.restart({ service, id }, signal);
      }
      return `restarted ${due.length} of its processes`;
    },
  };
}
