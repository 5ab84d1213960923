import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { DECISIONS } from "../src/model/decision.ts";
import { OUTCOMES } from "../src/model/facts.ts";
import { TRIGGERS } from "../src/model/trigger.ts";
import { CAUSES } from "../src/model/verdict.ts";
import { ROOT } from "./environment.ts";
import { FaultKind } from "./fault-kind.ts";

/** The watched system as it lies in the clone. */
export const EXAMPLE = path.join(ROOT, "examples", "radiation-health");

const Right = z.object({
  decision: z.enum(DECISIONS),
  outcome: z.enum(OUTCOMES),
  /** Null where nothing is judged. */
  cause: z.enum(CAUSES).nullable(),
});

/** A release that can be deployed onto the good one, or a fault without any, with what rollwatch should make of it. */
export const ExampleRelease = z.object({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  story: z.string(),
  /** What it breaks; null for a good release. */
  trigger: z.enum(TRIGGERS).nullable(),
  /** What is deployed; `none`: nothing, the fault comes from outside. */
  change: z.enum(["code", "dependency", "configuration", "none"]),
  /** The fault from outside; after a deployment it begins when the new release has served for a moment. */
  fault: z.object({ kind: FaultKind }).optional(),
  /** What a person reports once the new release serves. */
  report: z.string().optional(),
  /** What the deployer puts into `.env`. */
  env: z.record(z.string(), z.string()).default({}),
  /** Files that it removes. */
  delete: z.array(z.string()).default([]),
  right: Right,
  /** What is right once people approved; absent where no approval is asked for. */
  rightApproved: Right.optional(),
});
export type ExampleRelease = z.infer<typeof ExampleRelease>;

/** All releases, by id. */
export async function listReleases(): Promise<readonly ExampleRelease[]> {
  const folder = path.join(EXAMPLE, "releases");
  const ids = (await readdir(folder)).toSorted();
  return Promise.all(
    ids.map(async (id) => {
      const text = await readFile(path.join(folder, id, "release.json"), "utf8");
      return ExampleRelease.parse(JSON.parse(text));
    }),
  );
}

/** The release with this id; throws with the list of those there are. */
export async function findRelease(id: string): Promise<ExampleRelease> {
  const releases = await listReleases();
  const found = releases.find((release) => release.id === id);
  if (found === undefined) {
    const ids = releases.map((release) => release.id).join(", ");
    throw new Error(`there is no release ${id}; there are ${ids}`);
  }
  return found;
}

/** The files of a release, to be laid over the example. */
export function overlayOf(release: ExampleRelease): string {
  return path.join(EXAMPLE, "releases", release.id, "overlay");
}
