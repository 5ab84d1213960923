import { z } from "zod";
import {
  databasePorts,
  type DatabaseStepPorts,
  SwapStepBase,
  swapOf,
} from "../database-descriptor.ts";
import type { Step } from "../step.ts";

/** Moves the waiting database's sequences past the live one's: new rows must not take the keys of rows that are kept aside. */
export const MoveSequencesDescriptor = SwapStepBase.extend({ kind: z.literal("move-sequences") });
export type MoveSequencesDescriptor = z.infer<typeof MoveSequencesDescriptor>;

/** Done once the waiting one is live: from then on its sequences are the application's. Before that it is repeated without harm. */
export function createMoveSequences(
  descriptor: MoveSequencesDescriptor,
  ports: DatabaseStepPorts,
): Step {
  const used = databasePorts(ports);
  return {
    describe: () => descriptor.text,
    isDone: async (signal) => {
      const { pair } = await swapOf(descriptor, used);
      return (await used.databases.look(pair, signal)) === "after";
    },
    run: async (signal) => {
      const { pair } = await swapOf(descriptor, used);
      const moved = await used.databases.moveSequences(pair, signal);
      return `moved ${moved} sequences of ${pair.next.name}`;
    },
  };
}
