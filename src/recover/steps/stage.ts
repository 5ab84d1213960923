import { dirname, join } from "node:path";
import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { confine } from "../../release/confine.ts";
import { warmPath } from "../../release/warm.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import { makeStaging, placeIn, stagingOf } from "../staging.ts";
import type { Step } from "../step.ts";

/** Puts one path of the captured release beside the application: from its warm copy by a rename, else by a copy that is proven by its hash. */
export const StageDescriptor = StepBase.extend({
  kind: z.literal("stage"),
  release: z.string(),
  path: z.string(),
  digest: z.string(),
  /** Configuration files below `path` that stay as they are now. */
  kept: z.array(z.string()),
});
export type StageDescriptor = z.infer<typeof StageDescriptor>;

/** Done when the tree stands in `next`: it gets there by one rename, after it was proven. */
export function createStage(descriptor: StageDescriptor, ports: StepPorts): Step {
  const { path, digest, kept } = descriptor;
  const { files, application } = ports;
  const { next } = stagingOf(application.root, ports.planId);

  return {
    describe: () => descriptor.text,
    isDone: async (signal) => {
      const found = await files.measure(next, path, signal);
      return found.kind !== "absent" && (kept.length > 0 || found.digest === digest);
    },
    run: async (signal) => {
      await refuseFixed(files, await confine(files, application.root, path));
      await makeStaging(files, application.root, ports.planId);
      const { root } = application;
      const { planId } = ports;
      const target = await placeIn(files, root, { planId, name: "next" }, path);
      const partial = await placeIn(files, root, { planId, name: "partial" }, path);
      await files.remove(partial);
      await files.remove(target);
      await files.makeFolder(dirname(partial), 0o700);
      const how =
        (await takeWarm(descriptor, ports, partial, signal)) ??
        (await copyCapture(descriptor, ports, partial, signal));
      await keepCurrent(ports, kept, signal);
      await files.makeFolder(dirname(target), 0o700);
      await files.rename(partial, target);
      return how;
    },
  };
}

/** Before anything is stopped: the switch could not rename it, and would find that out with the services down. */
async function refuseFixed(files: StepPorts["files"], place: string): Promise<void> {
  const reason = await files.whyFixed(place);
  if (reason !== undefined) {
    throw new Failure("path-refused", `${place} cannot be switched: ${reason}`, {
      hint: "Let rollwatch's user write its folder; of a mount point, name what lies in it in `artifacts` instead.",
    });
  }
}

/** The warm copy is used up by it; undefined when none is believed. */
async function takeWarm(
  descriptor: StageDescriptor,
  { files, application }: StepPorts,
  partial: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const warm = await warmPath(files, application.root, descriptor, signal);
  if (warm === undefined) {
    return undefined;
  }
  signal.throwIfAborted();
  await files.rename(warm, partial);
  return "renamed from the warm copy";
}

async function copyCapture(
  { path, digest, release }: StageDescriptor,
  { files, catalogue, application, planId }: StepPorts,
  partial: string,
  signal: AbortSignal,
): Promise<string> {
  await files.copy(join(catalogue.treeOf(release), path), partial, signal);
  const copy = await files.measure(stagingOf(application.root, planId).partial, path, signal);
  if (copy.digest !== digest) {
    throw new Failure("release-damaged", `the copy of ${path} is not what was captured`, {
      hint: `Release ${release} is damaged: look at the disk; \`rollwatch status\` names the others.`,
    });
  }
  return `copied from the capture: ${copy.files} files, ${copy.bytes} bytes`;
}

async function keepCurrent(
  { files, application, planId }: StepPorts,
  kept: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const path of kept) {
    const source = await confine(files, application.root, path);
    const target = await placeIn(files, application.root, { planId, name: "partial" }, path);
    await files.remove(target);
    if ((await files.kind(source)) !== "absent") {
      await files.makeFolder(dirname(target), 0o755);
      await files.copy(source, target, signal);
    }
  }
}
