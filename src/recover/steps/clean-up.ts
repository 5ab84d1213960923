import { z } from "zod";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { otherStagings, stagingOf } from "../staging.ts";
import type { Step } from "../step.ts";

/** Removes what the recovery no longer needs; the replaced tree of this plan stays as evidence until the next plan. */
export const CleanUpDescriptor = StepBase.extend({ kind: z.literal("clean-up") });
export type CleanUpDescriptor = z.infer<typeof CleanUpDescriptor>;

/** Done when this plan's staging and the folders of earlier plans are gone. */
export function createCleanUp(descriptor: CleanUpDescriptor, ports: StepPorts): Step {
  const { files, application, planId } = ports;

  async function remaining(): Promise<readonly string[]> {
    const others = await otherStagings(files, application.root, planId);
    const { next, partial } = stagingOf(application.root, planId);
    const found: string[] = [...others];
    for (const folder of [next, partial]) {
      if ((await files.kind(folder)) !== "absent") {
        found.push(folder);
      }
    }
    return found;
  }

  return {
    describe: () => descriptor.text,
    isDone: async () => (await remaining()).length === 0,
    run: async (signal) => {
      const folders = await remaining();
      for (const folder of folders) {
        signal.throwIfAborted();
        await files.remove(folder);
      }
      return `removed ${folders.length} folders`;
    },
  };
}
