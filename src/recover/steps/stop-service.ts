import { z } from "zod";
import type { ServiceInstance } from "../../model/service.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { isAtRest } from "../services.ts";
import type { Step } from "../step.ts";

/** Stops every process of the services, all at the same time, and waits until they are gone. */
export const StopServiceDescriptor = StepBase.extend({
  kind: z.literal("stop-service"),
  services: z.array(z.string()).min(1),
});
export type StopServiceDescriptor = z.infer<typeof StopServiceDescriptor>;

/** Done when pm2 has no process of them and will not start one by itself. */
export function createStopService(descriptor: StopServiceDescriptor, ports: StepPorts): Step {
  async function look(signal: AbortSignal): Promise<readonly ServiceInstance[]> {
    const services = await ports.pm2.services(descriptor.services, signal);
    return services.flatMap((service) => service.instances);
  }

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => (await look(signal)).every(isAtRest),
    run: async (signal) => {
      const instances = await look(signal);
      const running = instances.filter((instance) => !isAtRest(instance));
      const stops = await Promise.allSettled(
        running.map(async (instance) => ports.pm2.stop(instance.id, signal)),
      );
      const refused = stops.find((stop) => stop.status === "rejected");
      if (refused !== undefined) {
        throw refused.reason;
      }
      return `stopped pid ${running.map((instance) => instance.pid).join(", ")}`;
    },
  };
}
