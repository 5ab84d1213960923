import type { CapturedPath, Release } from "../model/release.ts";
import type { Files } from "../system/files.ts";

/** Trees with more captured files than this are not read to find out whether they changed. */
const READ_UP_TO_FILES = 1000;

/**
 * The paths of a captured release as they are in the application's root right now. One whose fingerprint is still the
 * captured one is unchanged, without reading it. Of the others only small ones are hashed: a tree of many files is taken as
 * changed (an empty digest), since a warm copy of it is ready and reading it would take longer than putting it back.
 */
export async function measureCurrent(
  files: Files,
  root: string,
  release: Release,
  signal: AbortSignal,
): Promise<readonly CapturedPath[]> {
  const captured = [...release.artifacts, ...release.configFiles];
  const current: CapturedPath[] = [];
  for (const one of new Map(captured.map((path) => [path.path, path])).values()) {
    current.push(await lookAt(files, root, one, signal));
  }
  return current;
}

async function lookAt(
  files: Files,
  root: string,
  captured: CapturedPath,
  signal: AbortSignal,
): Promise<CapturedPath> {
  const { path, fingerprint } = captured;
  const isSame =
    fingerprint !== undefined && (await files.fingerprint(root, path, signal)) === fingerprint;
  if (isSame) {
    return captured;
  }
  return captured.files > READ_UP_TO_FILES
    ? { ...captured, digest: "" }
    : files.measure(root, path, signal);
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

/** The fingerprints of paths under `root`, in their order. */
export async function fingerprintPaths(
  files: Files,
  root: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const fingerprints: (string | undefined)[] = [];
  for (const path of paths) {
    fingerprints.push(await files.fingerprint(root, path, signal));
  }
  return fingerprints;
}
