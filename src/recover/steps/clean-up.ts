import { z } from "zod";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { definitionsPlace } from "../staged-definitions.ts";
import { otherStagings, stagingOf } from "../staging.ts";
import type { Step } from "../step.ts";

/** Removes what the recovery no longer needs; the replaced tree of this plan stays as evidence until the next plan. */
export const CleanUpDescriptor = StepBase.extend({ kind: z.literal("clean-up") });
export type CleanUpDescriptor = z.infer<typeof CleanUpDescriptor>;

/** Done when this plan's staging, the definitions it kept and the folders of earlier plans are gone. */
export function createCleanUp(descriptor: CleanUpDescriptor, ports: StepPorts): Step {
  const { files, application, planId } = ports;

  async function remaining(): Promise<readonly string[]> {
    const others = await otherStagings(files, application.root, planId);
    const { next, partial } = stagingOf(application.root, planId);
    const found: string[] = [...others];
    for (const path of [next, partial, await definitionsPlace(ports)]) {
      if ((await files.kind(path)) !== "absent") {
        found.push(path);
      }
    }
    return found;
  }

  return {
    describe: () => descriptor.text,
    isDone: async () => (await remaining()).length === 0,
    run: async (signal) => {
      const paths = await remaining();
      for (const path of paths) {
        signal.throwIfAborted();
        await files.remove(path);
      }
      return `removed ${paths.length} folders and files`;
    },
  };
}
