import { join } from "node:path";
import { confine } from "../release/confine.ts";
import type { Files } from "../system/files.ts";

const FOLDER = ".rollwatch";

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
  const folder = join(root, FOLDER, planId);
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
  return confine(files, root, `${FOLDER}/${area.planId}/${area.name}/${path}`);
}

/** Makes a plan's folder, refusing links on the way, and hides all of it from git. */
export async function makeStaging(files: Files, root: string, planId: string): Promise<Staging> {
  await confine(files, root, `${FOLDER}/${planId}/next`);
  const staging = stagingOf(root, planId);
  await files.makeFolder(staging.folder, 0o700);
  const ignore = join(root, FOLDER, ".gitignore");
  if ((await files.kind(ignore)) === "absent") {
    await files.writeAtomic(ignore, "*\n", 0o600);
  }
  return staging;
}

/** Removes the staging of a plan that switched nothing; one that did keeps everything. */
export async function discardStaging(files: Files, root: string, planId: string): Promise<void> {
  const staging = stagingOf(root, planId);
  await confine(files, root, `${FOLDER}/${planId}/next`);
  if ((await files.kind(staging.previous)) === "absent") {
    await files.remove(staging.folder);
  }
}

/** The folders of other plans: evidence of earlier recoveries. */
export async function otherStagings(
  files: Files,
  root: string,
  planId: string,
): Promise<readonly string[]> {
  await confine(files, root, `${FOLDER}/${planId}`);
  const names = await files.list(join(root, FOLDER));
  return names
    .filter((name) => name !== planId && name !== ".gitignore")
    .map((name) => join(root, FOLDER, name));
}

/** Whether a working directory lies in a tree that a recovery moved away. */
export function isInStaging(path: string): boolean {
  return path.includes(`/${FOLDER}/`);
}
