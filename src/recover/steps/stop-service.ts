import { z } from "zod";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { isAtRest, lookAt } from "../services.ts";
import type { Step } from "../step.ts";

/** Stops every process of one service and waits until they are gone. */
export const StopServiceDescriptor = StepBase.extend({
  kind: z.literal("stop-service"),
  service: z.string(),
});
export type StopServiceDescriptor = z.infer<typeof StopServiceDescriptor>;

/** Done when pm2 has no process of it and will not start one by itself. */
export function createStopService(descriptor: StopServiceDescriptor, ports: StepPorts): Step {
  const { service } = descriptor;

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => (await lookAt(ports, service, signal)).instances.every(isAtRest),
    run: async (signal) => {
      const { instances } = await lookAt(ports, service, signal);
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
