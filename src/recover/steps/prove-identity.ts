import { z } from "zod";
import { Failure, messageOf } from "../../model/failure.ts";
import type { ServiceInstance } from "../../model/service.ts";
import { readServedRelease } from "../../release/ledger.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { capturedService, lookAt, whyNotRestored } from "../services.ts";
import type { Step } from "../step.ts";

const POLL_MS = 250;

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

type View =
  | { readonly kind: "restored"; readonly processes: string }
  | { readonly kind: "problem"; readonly reason: string };

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
  const { clock } = ports;
  let last = "nothing was seen yet";
  let steady: { readonly processes: string; readonly from: number } | undefined;
  try {
    for (;;) {
      const view = await look(descriptor, ports, signal);
      if (view.kind === "problem") {
        last = view.reason;
        steady = undefined;
      } else if (steady?.processes !== view.processes) {
        last = steady === undefined ? last : "processes were restarted while being watched";
        steady = { processes: view.processes, from: clock.monotonic() };
      } else if (clock.monotonic() - steady.from >= descriptor.steadyMs) {
        return `${view.processes}${descriptor.served === null ? "" : `, serving ${descriptor.served}`}`;
      }
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
    throw new Failure("program-failed", `the restored release is not up: ${last}`, {
      hint: "Read the services' own logs; the replaced release is kept in the plan's `previous` folder.",
      cause: messageOf(error),
    });
  }
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
  return { kind: "restored", processes: seen.join(", ") };
}

/** The same text as long as it is the same process. */
function tellProcess({ pid, restarts }: ServiceInstance): string {
  return pid === 0 ? `ended by itself (${restarts} restarts)` : `pid ${pid} (${restarts} restarts)`;
}
