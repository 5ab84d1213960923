import { dirname } from "node:path";
import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { confine } from "../../release/confine.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { placeIn } from "../staging.ts";
import type { Step } from "../step.ts";

/** Puts one staged path in the place of the current one, by two renames. */
export const SwitchDescriptor = StepBase.extend({
  kind: z.literal("switch"),
  path: z.string(),
  /** Of the target; empty where the path is to be absent. */
  digest: z.string(),
  absentInTarget: z.boolean(),
});
export type SwitchDescriptor = z.infer<typeof SwitchDescriptor>;

interface Place {
  readonly path: string;
  readonly exists: boolean;
}

interface Places {
  readonly current: Place;
  readonly next: Place;
  readonly previous: Place;
  readonly displaced: Place;
}

/**
 * What exists tells how far it is: `current` and `next` before, `previous` and `next` between the two renames, `current`
 * and `previous` after. A kill between the renames is completed forward.
 */
export function createSwitch(descriptor: SwitchDescriptor, ports: StepPorts): Step {
  const { files, application } = ports;
  const { path, digest, absentInTarget } = descriptor;

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => {
      const { current, next, previous } = await look(ports, path);
      if (absentInTarget) {
        return !current.exists;
      }
      if (next.exists || !current.exists) {
        return false;
      }
      return (
        previous.exists || (await files.measure(application.root, path, signal)).digest === digest
      );
    },
    run: async (signal) => {
      const places = await look(ports, path);
      const { current, next } = places;
      if (!absentInTarget && !next.exists) {
        throw new Failure("release-damaged", `the staged ${path} is gone`, {
          hint: `Look for ${path} in ${places.previous.path} and in the catalogue, and put it back by hand.`,
        });
      }
      signal.throwIfAborted();
      if (current.exists) {
        await moveAway(ports, places);
      }
      if (next.exists) {
        await files.makeFolder(dirname(current.path), 0o755);
        await files.rename(next.path, current.path);
      }
      return current.exists ? `the replaced one is in ${places.previous.path}` : "there was none";
    },
  };
}

async function moveAway(
  { files }: StepPorts,
  { current, previous, displaced }: Places,
): Promise<void> {
  const to = previous.exists ? displaced : previous;
  if (to.exists) {
    throw new Failure("path-refused", `something makes ${current.path} again and again`, {
      hint: "Stop what writes there; what it wrote is in the plan's `displaced` folder.",
    });
  }
  await files.makeFolder(dirname(to.path), 0o700);
  await files.rename(current.path, to.path);
}

async function look({ files, application, planId }: StepPorts, path: string): Promise<Places> {
  const { root } = application;
  async function place(full: string): Promise<Place> {
    return { path: full, exists: (await files.kind(full)) !== "absent" };
  }
  async function staged(name: "next" | "previous" | "displaced"): Promise<Place> {
    return place(await placeIn(files, root, { planId, name }, path));
  }
  return {
    current: await place(await confine(files, root, path)),
    next: await staged("next"),
    previous: await staged("previous"),
    displaced: await staged("displaced"),
  };
}
