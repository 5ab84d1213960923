import { join } from "node:path";
import type { ApplicationSettings } from "../model/application.ts";
import { messageOf } from "../model/failure.ts";
import type { CapturedPath, Readiness, Release } from "../model/release.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";
import type { Processes } from "../system/process.ts";
import type { Catalogue } from "./catalogue.ts";
import { checkDatabaseRecord } from "./dump-check.ts";
import { findInterpreter, majorOf, type Interpreter } from "./interpreter.ts";
import { loadNativeModules, type LoadMemory } from "./native-modules.ts";
import { releaseUnits } from "./paths.ts";
import { bytesNeeded } from "./space.ts";
import { warmPath } from "./warm.ts";

export interface ReadinessPorts {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly files: Files;
  readonly git: Git;
  readonly processes: Processes;
  /** Which native modules were tried before. */
  readonly loaded?: LoadMemory;
}

/** Whether a rollback to this release would find everything it needs right now; every problem is named. */
export async function checkRelease(
  ports: ReadinessPorts,
  application: ApplicationSettings,
  release: Release,
  signal: AbortSignal,
): Promise<Readiness> {
  const { root } = application;
  const questions = [
    async () => checkPaths(ports, release, signal),
    async () => checkPlaces(ports.files, root, release),
    async () => checkDefinitions(ports, release),
    async () => checkInterpreter(ports, root, release, signal),
    async () => checkCommit(ports.git, root, release, signal),
    async () => checkSpace(ports.files, root, release, signal),
  ];
  const found = new Set<string>();
  for (const ask of questions) {
    try {
      for (const problem of await ask()) {
        found.add(problem);
      }
    } catch (error) {
      signal.throwIfAborted();
      found.add(messageOf(error));
    }
  }
  const problems = [...found];
  const databaseProblems = await checkDatabaseRecord(ports, release.id, signal);
  const about = {
    checkedAt: ports.clock.now(),
    ...(databaseProblems.length === 0 ? {} : { databaseProblems }),
  };
  return problems.length === 0
    ? { kind: "ready", ...about }
    : { kind: "not-ready", ...about, problems };
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

/** What cannot be renamed would be found out at the switch, with the services down. */
async function checkPlaces(
  files: Files,
  root: string,
  release: Release,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { path } of releaseUnits(release)) {
    const reason = await files.whyFixed(join(root, path));
    if (reason !== undefined) {
      problems.push(
        `${path} cannot be switched: ${reason}; let rollwatch's user write its folder, and of a mount point name what lies in it`,
      );
    }
  }
  return problems;
}

async function checkDefinitions(
  { catalogue }: ReadinessPorts,
  release: Release,
): Promise<readonly string[]> {
  const definitions = await catalogue.readDefinitions(release.id);
  return release.services
    .filter(({ instances }) => instances > 0)
    .filter(({ name }) => !definitions.some((definition) => definition.name === name))
    .map(({ name }) => `the pm2 definition of ${name} is missing`);
}

/**
 * The program that ran the release must be there, with its version. A newer one of the same major is believed when every
 * native module that loaded at the capture still does: a security update of Node must not end readiness.
 */
async function checkInterpreter(
  ports: ReadinessPorts,
  root: string,
  release: Release,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { catalogue, files } = ports;
  const { interpreterPath } = release;
  if (interpreterPath !== undefined && (await files.kind(interpreterPath)) === "absent") {
    return [`the Node that ran it, ${interpreterPath}, is gone`];
  }
  const definitions = await catalogue.readDefinitions(release.id);
  const interpreter = await findInterpreter(ports, definitions, root, signal);
  const version = interpreter?.version ?? "none";
  if (majorOf(version) !== majorOf(release.interpreter)) {
    return [`it ran on Node ${release.interpreter}, here is ${version}`];
  }
  return interpreter === undefined ? [] : checkModules(ports, release, interpreter, signal);
}

async function checkModules(
  { catalogue, processes, loaded = new Map() }: ReadinessPorts,
  release: Release,
  interpreter: Interpreter,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const modules = (release.nativeModules ?? []).filter(({ loads }) => loads);
  const reasons = await loadNativeModules(
    { processes, memory: loaded },
    interpreter,
    { tree: catalogue.treeOf(release.id), modules },
    signal,
  );
  return modules.flatMap(({ path }, index) => {
    const reason = reasons[index] ?? null;
    return reason === null
      ? []
      : [`the native module ${path} does not load with Node ${interpreter.version}: ${reason}`];
  });
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
