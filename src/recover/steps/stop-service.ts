import { z } from "zod";
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

/** A process that is to end. */
interface RunningProcess {
  readonly service: string;
  readonly id: number;
  readonly pid: number;
}

/** Done when pm2 has no process of them and will not start one by itself. */
export function createStopService(descriptor: StopServiceDescriptor, ports: StepPorts): Step {
  async function look(signal: AbortSignal): Promise<readonly RunningProcess[]> {
    const services = await ports.pm2.services(descriptor.services, signal);
    return services.flatMap(({ name, instances }) =>
      instances
        .filter((instance) => !isAtRest(instance))
        .map(({ id, pid }) => ({ service: name, id, pid })),
    );
  }

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => (await look(signal)).length === 0,
    run: async (signal) => {
      const running = await look(signal);
      const stops = await Promise.allSettled(
        running.map(async (process) => ports.pm2.stop(process, signal)),
      );
      const refused = stops.find((stop) => stop.status === "rejected");
      if (refused !== undefined) {
        throw refused.reason;
      }
      return `stopped pid ${running.map(({ pid }) => pid).join(", ")}`;
    },
  };
}
