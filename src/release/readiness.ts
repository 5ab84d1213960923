import type { ApplicationSettings } from "../model/application.ts";
import { messageOf } from "../model/failure.ts";
import type { CapturedPath, Readiness, Release } from "../model/release.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";
import type { Processes } from "../system/process.ts";
import type { Catalogue } from "./catalogue.ts";
import { interpreterVersion, majorOf } from "./interpreter.ts";
import { releaseUnits } from "./paths.ts";
import { bytesNeeded } from "./space.ts";
import { warmPath } from "./warm.ts";

export interface ReadinessPorts {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly files: Files;
  readonly git: Git;
  readonly processes: Processes;
}

/** Whether a rollback to this release would find everything it needs right now; every problem is named. */
export async function checkRelease(
  ports: ReadinessPorts,
  application: ApplicationSettings,
  release: Release,
  signal: AbortSignal,
): Promise<Readiness> {
  const questions = [
    async () => checkPaths(ports, release, signal),
    async () => checkDefinitions(ports, application, release, signal),
    async () => checkCommit(ports.git, application.root, release, signal),
    async () => checkSpace(ports.files, application.root, release, signal),
  ];
  const problems: string[] = [];
  for (const ask of questions) {
    try {
      problems.push(...(await ask()));
    } catch (error) {
      signal.throwIfAborted();
      problems.push(messageOf(error));
    }
  }
  const checkedAt = ports.clock.now();
  return problems.length === 0
    ? { kind: "ready", checkedAt }
    : { kind: "not-ready", checkedAt, problems };
}

async function checkPaths(
  { files, catalogue }: ReadinessPorts,
  release: Release,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const path of [...release.artifacts, ...release.configFiles]) {
    const found = await files.measure(catalogue.treeOf(release.id), path.path, signal);
    if (found.kind !== path.kind || found.digest !== path.digest) {
      problems.push(`the captured ${path.path} is not what was captured`);
    }
  }
  return problems;
}

async function checkDefinitions(
  { catalogue, processes }: ReadinessPorts,
  application: ApplicationSettings,
  release: Release,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const definitions = await catalogue.readDefinitions(release.id);
  const missing = release.services
    .filter(({ instances }) => instances > 0)
    .filter(({ name }) => !definitions.some((definition) => definition.name === name))
    .map(({ name }) => `the pm2 definition of ${name} is missing`);
  const version = await interpreterVersion(processes, definitions, application.root, signal);
  const isSameMajor = majorOf(version) === majorOf(release.interpreter);
  return isSameMajor
    ? missing
    : [...missing, `it ran on Node ${release.interpreter}, here is ${version}`];
}

async function checkCommit(
  git: Git,
  root: string,
  { identity }: Release,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { commit } = identity;
  return typeof commit !== "string" || (await git.hasCommit(root, commit, signal))
    ? []
    : [`git no longer has commit ${commit}`];
}

/** What has a warm copy is renamed and takes no space. */
async function checkSpace(
  files: Files,
  root: string,
  release: Release,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const cold: CapturedPath[] = [];
  for (const unit of releaseUnits(release)) {
    const wanted = { release: release.id, path: unit.path, digest: unit.digest };
    if ((await warmPath(files, root, wanted, signal)) === undefined) {
      cold.push(unit);
    }
  }
  const needed = bytesNeeded(cold);
  const free = await files.freeBytes(root);
  return free >= needed ? [] : [`staging needs ${needed} bytes in ${root}, ${free} are free`];
}
