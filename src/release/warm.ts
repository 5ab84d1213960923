import { dirname, join } from "node:path";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import type { CapturedPath, Release } from "../model/release.ts";
import type { Files } from "../system/files.ts";
import { BESIDE, makeBeside, WARM } from "./beside.ts";
import type { Catalogue } from "./catalogue.ts";
import { confine } from "./confine.ts";
import { releaseUnits } from "./paths.ts";
import { bytesNeeded } from "./space.ts";

/** What was proven of a warm copy; written last, so that a copy without it is none. */
const Proof = z.object({
  paths: z.array(z.object({ path: z.string(), digest: z.string(), fingerprint: z.string() })),
});
type Proof = z.infer<typeof Proof>;

export interface WarmPorts {
  readonly files: Files;
  readonly catalogue: Pick<Catalogue, "treeOf">;
}

/** What came of making a release's warm copy: there was an intact one, it was made, or the disk is too full for it. */
export type WarmUp =
  | { readonly kind: "intact" }
  | { readonly kind: "made" }
  | { readonly kind: "no-space"; readonly neededBytes: number; readonly freeBytes: number };

/**
 * A second copy of a captured release in `<root>/.rollwatch/warm/<release>/tree/<path>`, hashed before the incident, so
 * that a rollback only has to rename it. One that is there is read in full and, when anything of it is not what was captured, made anew.
 * A kill at any point leaves paths that are whole, or that `warmPath` does not believe. Never to be called while a recovery is open.
 */
export async function warmUp(
  { files, catalogue }: WarmPorts,
  root: string,
  release: Release,
  signal: AbortSignal,
): Promise<WarmUp> {
  const folder = dirname(await confine(files, root, `${BESIDE}/${WARM}/${release.id}/tree`));
  await removeOthers(files, dirname(folder), release.id);
  const units = releaseUnits(release).filter(({ kind }) => kind !== "absent");
  if (await isIntact(files, folder, units, signal)) {
    return { kind: "intact" };
  }
  await files.remove(folder);
  // Twice: a rollback that cannot use the warm copy must still find room for its own.
  const neededBytes = bytesNeeded([...units, ...units]);
  const freeBytes = await files.freeBytes(root);
  if (freeBytes < neededBytes) {
    return { kind: "no-space", neededBytes, freeBytes };
  }
  await makeBeside(files, root, folder);
  try {
    const paths = await copyUnits(
      { files, from: catalogue.treeOf(release.id), folder },
      units,
      signal,
    );
    await files.writeAtomic(proofIn(folder), `${JSON.stringify({ paths })}\n`, 0o600);
  } catch (error) {
    // A half copy must not fill the disk; after an abort somebody is waiting, and the next call clears it away.
    if (!signal.aborted) {
      await files.remove(folder);
    }
    throw error;
  }
  return { kind: "made" };
}

/**
 * Where the warm copy of a release's path lies, when it is still what was hashed: its fingerprint tells, without reading it.
 * Undefined when there is none or when anything about it is in doubt: the capture is there as well, so no doubt is a failure.
 */
export async function warmPath(
  files: Files,
  root: string,
  wanted: { readonly release: string; readonly path: string; readonly digest: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { release, path, digest } = wanted;
  try {
    const place = await confine(files, root, `${BESIDE}/${WARM}/${release}/tree/${path}`);
    const folder = join(root, BESIDE, WARM, release);
    const proven = (await readProof(files, folder))?.paths.find((one) => one.path === path);
    if (proven?.digest !== digest) {
      return undefined;
    }
    const now = await files.fingerprint(join(folder, "tree"), path, signal);
    return now === proven.fingerprint ? place : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Removes every warm copy. */
export async function coolDown(files: Files, root: string): Promise<void> {
  await files.remove(await confine(files, root, `${BESIDE}/${WARM}`));
}

async function removeOthers(files: Files, folder: string, id: string): Promise<void> {
  const others = (await files.list(folder)).filter((name) => name !== id);
  for (const name of others) {
    await files.remove(join(folder, name));
  }
}

async function isIntact(
  files: Files,
  folder: string,
  units: readonly CapturedPath[],
  signal: AbortSignal,
): Promise<boolean> {
  const proof = await readProof(files, folder);
  const tree = join(folder, "tree");
  for (const { path, digest } of units) {
    const proven = proof?.paths.find((one) => one.path === path);
    const isSame =
      proven?.digest === digest &&
      (await files.fingerprint(tree, path, signal)) === proven.fingerprint &&
      (await files.measure(tree, path, signal)).digest === digest;
    if (!isSame) {
      return false;
    }
  }
  return true;
}

async function copyUnits(
  {
    files,
    from,
    folder,
  }: { readonly files: Files; readonly from: string; readonly folder: string },
  units: readonly CapturedPath[],
  signal: AbortSignal,
): Promise<Proof["paths"]> {
  const tree = join(folder, "tree");
  const paths: Proof["paths"] = [];
  for (const unit of units) {
    const to = join(tree, unit.path);
    await files.makeFolder(dirname(to), 0o700);
    await files.copy(join(from, unit.path), to, signal);
    paths.push(await prove(files, tree, unit, signal));
  }
  return paths;
}

/** Stamped before it is hashed: what changes in between does not go by this fingerprint. */
async function prove(
  files: Files,
  tree: string,
  { path, digest }: CapturedPath,
  signal: AbortSignal,
): Promise<Proof["paths"][number]> {
  const fingerprint = await files.fingerprint(tree, path, signal);
  const found = await files.measure(tree, path, signal);
  if (fingerprint === undefined || found.digest !== digest) {
    throw new Failure("release-damaged", `the warm copy of ${path} is not what was captured`, {
      hint: "It is made anew at the next check; look for what writes into `.rollwatch`.",
    });
  }
  return { path, digest, fingerprint };
}

async function readProof(files: Files, folder: string): Promise<Proof | undefined> {
  const text = await files.readText(proofIn(folder));
  try {
    return Proof.parse(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}

function proofIn(folder: string): string {
  return join(folder, "proof.json");
}
