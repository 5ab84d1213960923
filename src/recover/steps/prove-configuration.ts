import { z } from "zod";
import type { ServiceInstance } from "../../model/service.ts";
import { definedVariables } from "../../system/pm2-definition.ts";
import { StepBase } from "../descriptor.ts";
import { whyOtherEnvironment } from "../process-environment.ts";
import type { StepPorts } from "../ports.ts";
import { type CapturedService, lookAt, whyNotRestored } from "../services.ts";
import { stagedService } from "../staged-definitions.ts";
import { tellProcess, untilSteady, type View } from "../steady.ts";
import type { Step } from "../step.ts";

/** Proves that running processes have the configuration that was put back: by their start, and by the kernel's word on their environment. */
export const ProveConfigurationDescriptor = StepBase.extend({
  kind: z.literal("prove-configuration"),
  release: z.string(),
  services: z.array(
    z.object({
      name: z.string(),
      /** Variables that it must not have any more, by name. */
      gone: z.array(z.string()),
    }),
  ),
  /** How long the same processes must stay up without a restart. */
  steadyMs: z.number().positive(),
});
export type ProveConfigurationDescriptor = z.infer<typeof ProveConfigurationDescriptor>;

/** Never done beforehand: it looks and changes nothing, so looking again does no harm. */
export function createProveConfiguration(
  descriptor: ProveConfigurationDescriptor,
  ports: StepPorts,
): Step {
  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) =>
      untilSteady(
        ports.clock,
        {
          look: async () => look(descriptor, ports, signal),
          steadyMs: descriptor.steadyMs,
          otherwise: {
            message: "the restored configuration is not in use",
            hint: "Read the services' own logs; the replaced files are kept in the plan's `previous` folder.",
          },
        },
        signal,
      ),
  };
}

async function look(
  { services, release }: ProveConfigurationDescriptor,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<View> {
  const seen: string[] = [];
  for (const { name, gone } of services) {
    const { instances } = await lookAt(ports, name, signal);
    const staged = await stagedService(ports, release, name);
    if (instances.length === 0) {
      return { kind: "problem", reason: `pm2 does not know ${name}` };
    }
    for (const instance of instances) {
      const told = await examine(ports, { instance, staged, gone });
      if (told.kind === "problem") {
        return { kind: "problem", reason: `${name} ${told.reason}` };
      }
      seen.push(`${name} ${told.processes}`);
    }
  }
  return { kind: "well", processes: seen.join(", ") };
}

interface Examined {
  readonly instance: ServiceInstance;
  readonly staged: CapturedService;
  readonly gone: readonly string[];
}

async function examine(ports: StepPorts, { instance, staged, gone }: Examined): Promise<View> {
  const problem = await whyNotRestored(ports, instance, staged);
  if (problem !== undefined) {
    return { kind: "problem", reason: problem };
  }
  const [definition] = staged.definitions;
  if (definition === undefined || instance.pid === 0) {
    return { kind: "well", processes: tellProcess(instance) };
  }
  const wanted = { variables: definedVariables(definition), gone };
  const found = await ports.processes.environment(instance.pid);
  const other = found === undefined ? undefined : whyOtherEnvironment(found, wanted);
  const how = found === undefined ? " whose environment is not shown" : "";
  return other === undefined
    ? { kind: "well", processes: `${tellProcess(instance)}${how}` }
    : { kind: "problem", reason: `runs as pid ${instance.pid} ${other}` };
}
