import type { CapturedPath, Release } from "../model/release.ts";
import type { Files } from "../system/files.ts";

/** The paths of a captured release as they are in the application's root right now. */
export async function measureCurrent(
  files: Files,
  root: string,
  release: Release,
  signal: AbortSignal,
): Promise<readonly CapturedPath[]> {
  const paths = [...release.artifacts, ...release.configFiles].map(({ path }) => path);
  return measurePaths(files, root, [...new Set(paths)], signal);
}

/** Paths under `root`, measured one after the other. */
export async function measurePaths(
  files: Files,
  root: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly CapturedPath[]> {
  const measured: CapturedPath[] = [];
  for (const path of paths) {
    measured.push(await files.measure(root, path, signal));
  }
  return measured;
}
