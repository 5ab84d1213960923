import { z } from "zod";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { isUp, lookAt } from "../services.ts";
import { tellProcess, untilSteady, type View } from "../steady.ts";
import type { Step } from "../step.ts";

/** Waits until a restarted service is well, before those that come after it are touched. */
export const AwaitServiceDescriptor = StepBase.extend({
  kind: z.literal("await-service"),
  service: z.string(),
  /** How long the same processes must stay up and well. */
  steadyMs: z.number().positive(),
});
export type AwaitServiceDescriptor = z.infer<typeof AwaitServiceDescriptor>;

/** Never done beforehand: it looks and changes nothing, so looking again does no harm. */
export function createAwaitService(descriptor: AwaitServiceDescriptor, ports: StepPorts): Step {
  const { service, steadyMs } = descriptor;

  async function look(signal: AbortSignal): Promise<View> {
    const { instances } = await lookAt(ports, service, signal);
    const running = instances.filter(({ status }) => status !== "stopped");
    const down = running.find((instance) => !isUp(instance) || instance.status !== "online");
    if (running.length === 0 || down !== undefined) {
      return { kind: "problem", reason: `${service} is ${down?.status ?? "not running"}` };
    }
    const since = Math.max(...running.map((instance) => instance.startedAt));
    const problem = ports.whyUnwell?.(service, since);
    return problem === undefined
      ? { kind: "well", processes: running.map(tellProcess).join(", ") }
      : { kind: "problem", reason: `${service}: ${problem}` };
  }

  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) =>
      untilSteady(
        ports.clock,
        {
          look: async () => look(signal),
          steadyMs,
          otherwise: {
            message: `${service} is not well after its restart`,
            hint: `What comes after ${service} was left running; read its own log.`,
          },
        },
        signal,
      ),
  };
}
