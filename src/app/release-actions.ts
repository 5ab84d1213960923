import type { PruneRequest, ReleaseCheck } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { openRecovery, type KnownRelease } from "../model/history.ts";
import type { Release } from "../model/release.ts";
import type { Pm2Daemon } from "../model/service.ts";
import type { ReleaseDetails, ReleaseDifference } from "../model/release-report.ts";
import { compareSides, type Side } from "../release/compare.ts";
import { findInterpreter } from "../release/interpreter.ts";
import { releasePaths } from "../release/paths.ts";
import { takeSnapshot } from "./database-snapshots.ts";
import type { Daemon } from "./daemon.ts";
import { deployedRelease } from "./dump-schedule.ts";
import { captureDeployed, prunableCaptures, pruneCaptures } from "./prove-deployed.ts";
import { DEPLOYED, diffSchemas, keepSchema } from "./schema-standing.ts";
import { reportFloor, reportReleases } from "./status.ts";
import { reportWarm } from "./warm-report.ts";

/** How often it is asked whether a snapshot that somebody else makes is there. */
const POLL_MS = 500;

/** What looking at captures needs. */
export interface ReleaseReader extends Pick<
  Daemon,
  "config" | "world" | "catalogue" | "readinesses" | "surroundings"
> {
  readonly journal: Pick<Daemon["journal"], "history">;
}

/**
 * Captures what is deployed, without proving it, with its snapshot of the database where one is configured; returns the release's
 * id, that of an identical capture when there is one. Refused while a recovery is open.
 */
export async function captureNow(daemon: Daemon, signal: AbortSignal): Promise<string> {
  const { journal, surroundings } = daemon;
  await surroundings.lookAtAll(signal);
  const recovery = openRecovery(journal.history());
  if (recovery !== undefined) {
    throw new Failure("refused", `recovery ${recovery.plan.id} is changing the application`, {
      hint: "Capture when it has ended: `rollwatch status` shows it.",
    });
  }
  demandPm2(surroundings.daemon());
  const identity = surroundings.identity()?.value;
  if (identity === undefined) {
    throw new Failure("refused", "what is deployed cannot be seen right now", {
      hint: "`rollwatch check` says what does not answer.",
    });
  }
  const release = await captureDeployed(daemon, identity, signal);
  if ((await daemon.catalogue.readSchema(release.id)) === undefined) {
    await keepSchema(daemon, release.id, signal);
  }
  await demandSnapshot(daemon, release, signal);
  return release.id;
}

/** A capture needs the definitions of the services, which pm2 alone knows. */
function demandPm2(pm2: Pm2Daemon | undefined): void {
  if (pm2?.kind !== "alive") {
    const what = `pm2 is ${pm2?.kind ?? "not known"}: ${pm2?.reason ?? "it was not asked in time"}`;
    throw new Failure("pm2-unreachable", what, {
      hint: "A release is captured with the definitions of its services: `rollwatch doctor` says more of pm2.",
    });
  }
}

/** Returns when there is a snapshot, or when it was tried. */
async function demandSnapshot(
  daemon: Daemon,
  release: KnownRelease,
  signal: AbortSignal,
): Promise<void> {
  const { world, catalogue } = daemon;
  for (;;) {
    const record = await catalogue.readDatabase(release.id);
    if (record !== undefined && record.kind !== "none") {
      return;
    }
    const taken = await takeSnapshot(daemon, release, signal);
    if (taken.kind !== "busy") {
      return;
    }
    await world.clock.sleep(POLL_MS, signal);
  }
}

/** Compares captures with their hashes now; one that cannot be read is told apart. Throws `release-unknown`. */
export async function verifyReleases(
  daemon: ReleaseReader,
  request: { readonly release?: string },
  signal: AbortSignal,
): Promise<ReleaseCheck> {
  const { catalogue, readinesses, journal } = daemon;
  const items = await catalogue.list();
  const wanted = items.filter((item) => {
    const id = item.kind === "release" ? item.release.id : item.id;
    return request.release === undefined || id === request.release;
  });
  if (request.release !== undefined && wanted.length === 0) {
    throw unknownRelease(request.release);
  }
  const checked = new Set<string>();
  for (const item of wanted) {
    if (item.kind === "release") {
      await readinesses.check(item.release, signal);
      checked.add(item.release.id);
    }
  }
  return {
    releases: reportReleases(journal.history(), readinesses).filter(({ id }) => checked.has(id)),
    unreadable: wanted.flatMap((item) =>
      item.kind === "problem" ? [{ id: item.id, reason: item.reason }] : [],
    ),
  };
}

/** Deletes captures beyond `release.keep`, or only looks which; returns their ids. The one proven last and the target of a plan always stay. */
export async function pruneReleases(
  daemon: Daemon,
  { dryRun }: PruneRequest = {},
): Promise<readonly string[]> {
  const running = deployedRelease(daemon)?.id;
  return dryRun === true ? prunableCaptures(daemon, running) : pruneCaptures(daemon, running);
}

/** One captured release in full; throws `release-unknown`. */
export async function showRelease(daemon: ReleaseReader, id: string): Promise<ReleaseDetails> {
  const { catalogue, readinesses, journal } = daemon;
  const release = await catalogue.get(id);
  const report = reportReleases(journal.history(), readinesses).find((one) => one.id === id);
  return {
    id,
    commit: release.identity.commit,
    capturedAt: release.capturedAt,
    provenAt: report?.provenAt ?? null,
    tag: release.tag,
    identity: release.identity,
    interpreter: release.interpreter,
    interpreterPath: release.interpreterPath ?? null,
    nativeModules: release.nativeModules ?? [],
    services: release.services.map(({ name }) => name),
    paths: pathsOf(release),
    database: (await catalogue.readDatabase(id)) ?? null,
    ready: report?.ready ?? null,
    problems: report?.problems ?? [],
    ...reportFloor(journal.history(), id),
    ...(await reportWarm(daemon, id)),
  };
}

function pathsOf(release: Release): ReleaseDetails["paths"] {
  const artifacts = release.artifacts.map((one) => ({ ...one, kindOfConfig: null }));
  return [...artifacts, ...release.configFiles].map(
    ({ path, kind, kindOfConfig, digest, files, bytes }) => ({
      path,
      kind,
      kindOfConfig,
      digest,
      files,
      bytes,
    }),
  );
}

/** What differs from release `a` to release `b`, or to what is `deployed`; throws `release-unknown`. */
export async function diffReleases(
  daemon: ReleaseReader,
  a: string,
  b: string,
  signal: AbortSignal,
): Promise<ReleaseDifference> {
  const from = await sideOf(daemon, a, signal);
  const to = await sideOf(daemon, b, signal);
  const changes = await compareSides(daemon.world.files, from, to, signal);
  return { from: a, to: b, ...changes, schema: await diffSchemas(daemon, a, b, signal) };
}

async function sideOf(daemon: ReleaseReader, id: string, signal: AbortSignal): Promise<Side> {
  const { catalogue } = daemon;
  if (id === DEPLOYED) {
    return deployedSide(daemon, signal);
  }
  const release = await catalogue.get(id);
  const { artifacts, configFiles, identity, interpreter, nativeModules = [] } = release;
  return {
    tree: catalogue.treeOf(id),
    paths: artifacts.map(({ path }) => path),
    configFiles: configFiles.map(({ path }) => path),
    lockfile: daemon.config.application.lockfile,
    identity,
    interpreter,
    nativeModules,
    definitions: await catalogue.readDefinitions(id),
  };
}

async function deployedSide(daemon: ReleaseReader, signal: AbortSignal): Promise<Side> {
  const { config, world, surroundings } = daemon;
  const { application } = config;
  await surroundings.lookAtAll(signal);
  const { artifacts, configFiles } = releasePaths(application);
  const names = application.services.map((service) => service.name);
  const definitions = await world.pm2.definitions(names, signal);
  const interpreter = await findInterpreter(world, definitions, application.root, signal);
  return {
    tree: application.root,
    paths: artifacts,
    configFiles: configFiles.map(({ path }) => path),
    lockfile: application.lockfile,
    identity: surroundings.identity()?.value ?? {},
    interpreter: interpreter?.version ?? "none",
    nativeModules: undefined,
    definitions,
  };
}

/** What is said of an id that no capture has. */
export function unknownRelease(id: string): Failure {
  return new Failure("release-unknown", `there is no captured release ${id}`, {
    hint: "`rollwatch release list` names the releases.",
  });
}
