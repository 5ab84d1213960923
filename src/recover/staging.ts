import { join } from "node:path";
import { BESIDE, makeBeside, WARM } from "../release/beside.ts";
import { confine } from "../release/confine.ts";
import type { Files } from "../system/files.ts";

/**
 * Where a plan keeps trees beside the application's own, on the same file system since rename(2) needs it. Each path of
 * the release has its place below these folders: built in `partial`, complete in `next`, replaced in `previous`;
 * `displaced` takes what somebody else put in the way during the switch.
 */
export interface Staging {
  readonly folder: string;
  readonly partial: string;
  readonly next: string;
  readonly previous: string;
}

/** The staging folders of a plan. */
export function stagingOf(root: string, planId: string): Staging {
  const folder = join(root, BESIDE, planId);
  return {
    folder,
    partial: join(folder, "partial"),
    next: join(folder, "next"),
    previous: join(folder, "previous"),
  };
}

/** The place of a release's path in one of a plan's folders; refused when anything on the way from the root is a link. */
export async function placeIn(
  files: Files,
  root: string,
  area: { readonly planId: string; readonly name: "partial" | "next" | "previous" | "displaced" },
  path: string,
): Promise<string> {
  return confine(files, root, `${BESIDE}/${area.planId}/${area.name}/${path}`);
}

/** Makes a plan's folder, refusing links on the way, and hides all of it from git. */
export async function makeStaging(files: Files, root: string, planId: string): Promise<Staging> {
  await confine(files, root, `${BESIDE}/${planId}/next`);
  const staging = stagingOf(root, planId);
  await makeBeside(files, root, staging.folder);
  return staging;
}

/** Removes the staging of a plan that switched nothing; one that did keeps everything. */
export async function discardStaging(files: Files, root: string, planId: string): Promise<void> {
  const staging = stagingOf(root, planId);
  await confine(files, root, `${BESIDE}/${planId}/next`);
  if ((await files.kind(staging.previous)) === "absent") {
    await files.remove(staging.folder);
  }
}

/** The folders of other plans: evidence of earlier recoveries. Warm copies are no plan's. */
export async function otherStagings(
  files: Files,
  root: string,
  planId: string,
): Promise<readonly string[]> {
  await confine(files, root, `${BESIDE}/${planId}`);
  const names = await files.list(join(root, BESIDE));
  return names
    .filter((name) => ![planId, ".gitignore", WARM].includes(name))
    .map((name) => join(root, BESIDE, name));
}

/** Whether a working directory lies in a tree that a recovery moved away. */
export function isInStaging(path: string): boolean {
  return path.includes(`/${BESIDE}/`);
}
