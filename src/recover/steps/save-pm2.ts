import { z } from "zod";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import type { Step } from "../step.ts";

/** Lets pm2 bring back the restored definitions after a reboot, not the bad ones. */
export const SavePm2Descriptor = StepBase.extend({ kind: z.literal("save-pm2") });
export type SavePm2Descriptor = z.infer<typeof SavePm2Descriptor>;

/** Never known to be done: a dump does not tell when it was made from which list. Saving the same list twice does no harm. */
export function createSavePm2(descriptor: SavePm2Descriptor, ports: StepPorts): Step {
  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) => {
      await ports.pm2.save(signal);
      return "saved";
    },
  };
}
