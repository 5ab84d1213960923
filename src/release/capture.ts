import { dirname, join } from "node:path";
import type { ApplicationSettings } from "../model/application.ts";
import { Failure } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import type { CapturedPath, NativeModule, Release } from "../model/release.ts";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";
import type { Pm2 } from "../system/pm2.ts";
import type { Processes } from "../system/process.ts";
import {
  partialFolder,
  releaseFolder,
  releasesFolder,
  removeLeftovers,
  treeIn,
  writeRelease,
} from "./catalogue.ts";
import { confine } from "./confine.ts";
import { contentOf } from "./content.ts";
import { findInterpreter, type Interpreter } from "./interpreter.ts";
import { compareIdentity, observeInstalled } from "./ledger.ts";
import { fingerprintPaths, measurePaths } from "./measure.ts";
import {
  describeModules,
  findNativeModules,
  loadNativeModules,
  type LoadMemory,
} from "./native-modules.ts";
import { releasePaths } from "./paths.ts";
import { bytesNeeded } from "./space.ts";

export interface CapturePorts {
  readonly files: Files;
  readonly git: Git;
  readonly pm2: Pm2;
  readonly processes: Processes;
}

export interface CaptureRequest {
  readonly application: ApplicationSettings;
  readonly stateFolder: string;
  readonly id: string;
  readonly now: number;
  /** What the ledger saw; the capture is refused when it is no longer so. */
  readonly identity: Identity;
}

/**
 * Copies everything that a rollback to the running release needs into `<state>/releases/<id>`: paths, full pm2 definitions,
 * and the manifest last. It is built under another name, so a kill leaves no half release; the next capture clears it away.
 */
export async function captureRelease(
  ports: CapturePorts,
  request: CaptureRequest,
  signal: AbortSignal,
): Promise<Release> {
  const { files } = ports;
  const { application, stateFolder, id } = request;
  const folder = releaseFolder(stateFolder, id);
  const partial = partialFolder(stateFolder, id);
  if ((await files.kind(folder)) !== "absent") {
    throw new Failure("release-damaged", `there is a release ${id} already`, {
      hint: "Capture under another id.",
    });
  }
  await files.makeFolder(releasesFolder(stateFolder), 0o700);
  await removeLeftovers(files, stateFolder);
  try {
    const release = await build(ports, request, partial, signal);
    // Nothing but the rename may fail after it: a lasting fault must not add a tag at every try, nor a crash make a
    // release without its tag.
    await tagCommit(ports.git, release, application.root, signal);
    await files.rename(partial, folder);
    return release;
  } catch (error) {
    await files.remove(partial);
    throw error;
  }
}

async function build(
  ports: CapturePorts,
  request: CaptureRequest,
  partial: string,
  signal: AbortSignal,
): Promise<Release> {
  const { application, identity, now, id } = request;
  const { artifacts, configFiles } = releasePaths(application);
  const definitions = await ports.pm2.definitions(
    application.services.map((service) => service.name),
    signal,
  );
  const measured = await copyPaths(ports.files, application, partial, signal);
  const interpreter = await findInterpreter(ports, definitions, application.root, signal);
  const release: Release = {
    format: 1,
    id,
    capturedAt: now,
    tag: tagNameOf(request),
    identity,
    artifacts: artifacts.map((path) => found(measured, path)),
    configFiles: configFiles.map((file) => ({
      ...found(measured, file.path),
      kindOfConfig: file.kindOfConfig,
    })),
    services: await runningServices(ports, application, signal),
    interpreter: interpreter?.version ?? "none",
    ...(interpreter?.path === undefined ? {} : { interpreterPath: interpreter.path }),
    nativeModules: await modulesIn(
      ports,
      { tree: treeIn(partial), artifacts, interpreter },
      signal,
    ),
  };
  await refuseChange(ports, request, release, signal);
  await writeRelease(ports.files, partial, release, definitions);
  return release;
}

/** The native modules of the copy, each tried once: what did not load at the capture need not load at a rollback. */
async function modulesIn(
  { files, processes }: CapturePorts,
  where: {
    readonly tree: string;
    readonly artifacts: readonly string[];
    readonly interpreter: Interpreter | undefined;
  },
  signal: AbortSignal,
): Promise<NativeModule[]> {
  const { tree, artifacts, interpreter } = where;
  const modules = await findNativeModules(files, tree, artifacts, signal);
  if (interpreter === undefined || modules.length === 0) {
    return modules.map((one) => ({ ...one, loads: false }));
  }
  const memory: LoadMemory = new Map();
  const what = { tree, modules };
  return describeModules(
    modules,
    await loadNativeModules({ processes, memory }, interpreter, what, signal),
  );
}

/**
 * Copies each outermost path and measures every listed one three times: before, in the copy, and after. The fingerprint is
 * taken before all of these, so that it stands for nothing that was written since.
 */
async function copyPaths(
  files: Files,
  application: ApplicationSettings,
  partial: string,
  signal: AbortSignal,
): Promise<readonly CapturedPath[]> {
  const { root } = application;
  const { artifacts, configFiles, units } = releasePaths(application);
  const paths = [...new Set([...artifacts, ...configFiles.map((file) => file.path)])];
  for (const path of paths) {
    await confine(files, root, path);
  }
  const fingerprints = await fingerprintPaths(files, root, paths, signal);
  const before = await measurePaths(files, root, paths, signal);
  const copied = before.filter(({ path, kind }) => units.includes(path) && kind !== "absent");
  await refuseShortage(files, dirname(partial), bytesNeeded(copied));
  const tree = treeIn(partial);
  await files.makeFolder(tree, 0o700);
  for (const { path } of copied) {
    await files.makeFolder(dirname(join(tree, path)), 0o700);
    await files.copy(join(root, path), join(tree, path), signal);
  }
  const copy = await measurePaths(files, tree, paths, signal);
  const after = await measurePaths(files, root, paths, signal);
  for (const [index, { path, kind, digest }] of copy.entries()) {
    const isSame = [before[index], after[index]].every(
      (source) => source?.digest === digest && source.kind === kind,
    );
    if (!isSame) {
      throw changed(`${path} changed while it was captured`);
    }
  }
  return copy.map((one, index) => {
    const fingerprint = fingerprints[index];
    return fingerprint === undefined ? one : { ...one, fingerprint };
  });
}

function found(measured: readonly CapturedPath[], path: string): CapturedPath {
  return (
    measured.find((one) => one.path === path) ?? {
      path,
      kind: "absent",
      digest: "",
      files: 0,
      bytes: 0,
    }
  );
}

async function refuseShortage(files: Files, folder: string, needed: number): Promise<void> {
  const free = await files.freeBytes(folder);
  if (free < needed) {
    throw new Failure(
      "release-damaged",
      `a capture needs ${needed} bytes in ${folder}, ${free} are free`,
      { hint: "Free space, or set `release.keep` lower." },
    );
  }
}

/** The identity that goes into the manifest must still be the truth once everything is copied. */
async function refuseChange(
  ports: CapturePorts,
  { application, identity }: CaptureRequest,
  { artifacts }: Release,
  signal: AbortSignal,
): Promise<void> {
  const { root, source, artifact } = application;
  // What was copied is what was there before and after: its digests tell the content without reading it once more.
  async function content(): Promise<string | null> {
    return source === "artifact" && artifact !== undefined
      ? ((await ports.files.hash(join(root, artifact))) ?? null)
      : contentOf(artifacts);
  }
  const now = await observeInstalled({ ...ports, content }, application, signal);
  const { parts, summary } = compareIdentity(identity, now);
  if (parts.length > 0) {
    throw changed(`the application changed while it was captured: ${summary.join("; ")}`);
  }
}

function changed(message: string): Failure {
  return new Failure("release-damaged", message, {
    hint: "Capture again when the deployment is over; keep logs and uploads outside `artifacts`.",
  });
}

async function runningServices(
  { pm2, processes }: CapturePorts,
  application: ApplicationSettings,
  signal: AbortSignal,
): Promise<Release["services"]> {
  const names = application.services.map((service) => service.name);
  const services = await pm2.services(names, signal);
  return Promise.all(
    services.map(async ({ name, instances }) => {
      const running = instances.filter((one) => one.pid !== 0);
      const facts = await Promise.all(running.map(async ({ pid }) => processes.look(pid)));
      const folders = facts.flatMap((one) => (one?.cwd === undefined ? [] : [one.cwd]));
      return { name, instances: running.length, workedIn: [...new Set(folders)].toSorted() };
    }),
  );
}

/** The runbook's tag, `pre-deployment-YYYYMMDD-HHMMSS` in UTC; null outside a repository. */
function tagNameOf({ identity, now }: CaptureRequest): string | null {
  const [day = "", time = ""] = new Date(now)
    .toISOString()
    .replaceAll(/[-:]|\..*/gu, "")
    .split("T");
  return typeof identity.commit === "string" ? `pre-deployment-${day}-${time}` : null;
}

async function tagCommit(
  git: Git,
  { id, tag, identity }: Release,
  root: string,
  signal: AbortSignal,
): Promise<void> {
  if (tag !== null && typeof identity.commit === "string") {
    const message = `Release ${id}, captured by rollwatch`;
    await git.tag(root, tag, identity.commit, message, signal);
  }
}
