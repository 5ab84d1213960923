import { z } from "zod";
import { readServedRelease } from "../../release/ledger.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { capturedService, lookAt, whyNotRestored } from "../services.ts";
import { tellProcess, untilSteady, type View } from "../steady.ts";
import type { Step } from "../step.ts";

/** Proves that what runs now is the target: pm2's word alone proves nothing. */
export const ProveIdentityDescriptor = StepBase.extend({
  kind: z.literal("prove-identity"),
  release: z.string(),
  services: z.array(z.string()),
  /** The release id that the application must serve; null when none is known. */
  served: z.string().nullable(),
  /** How long the same processes must stay up without a restart. */
  steadyMs: z.number().positive(),
});
export type ProveIdentityDescriptor = z.infer<typeof ProveIdentityDescriptor>;

/** Never done beforehand: it looks and changes nothing, so looking again does no harm. */
export function createProveIdentity(descriptor: ProveIdentityDescriptor, ports: StepPorts): Step {
  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) => prove(descriptor, ports, signal),
  };
}

async function prove(
  descriptor: ProveIdentityDescriptor,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<string> {
  const processes = await untilSteady(
    ports.clock,
    {
      look: async () => look(descriptor, ports, signal),
      steadyMs: descriptor.steadyMs,
      otherwise: {
        message: "the restored release is not up",
        hint: "Read the services' own logs; the replaced release is kept in the plan's `previous` folder.",
      },
    },
    signal,
  );
  return `${processes}${descriptor.served === null ? "" : `, serving ${descriptor.served}`}`;
}

async function look(
  descriptor: ProveIdentityDescriptor,
  ports: StepPorts,
  signal: AbortSignal,
): Promise<View> {
  const seen: string[] = [];
  for (const name of descriptor.services) {
    const { instances } = await lookAt(ports, name, signal);
    const captured = await capturedService(ports, descriptor.release, name);
    if (instances.length === 0) {
      return { kind: "problem", reason: `pm2 does not know ${name}` };
    }
    for (const instance of instances) {
      const problem = await whyNotRestored(ports, instance, captured);
      if (problem !== undefined) {
        return { kind: "problem", reason: `${name} ${problem}` };
      }
      seen.push(`${name} ${tellProcess(instance)}`);
    }
  }
  if (descriptor.served !== null) {
    const served = await readServedRelease(ports.http, ports.application, signal);
    if (served !== descriptor.served) {
      return {
        kind: "problem",
        reason: `it serves ${served ?? "no release id"} instead of ${descriptor.served}`,
      };
    }
  }
  return { kind: "well", processes: seen.join(", ") };
}
