import { join } from "node:path";
import type { Difference } from "../model/difference.ts";
import type { Identity } from "../model/identity.ts";
import type { NativeModule } from "../model/release.ts";
import type { ReleaseDifference } from "../model/release-report.ts";
import type { Files } from "../system/files.ts";
import { forEachLimited } from "../system/limited.ts";
import { compareConfiguration, type Configuration } from "./compare-configuration.ts";
import { comparePackages } from "./compare-packages.ts";
import { compareValues, type Values } from "./compare-values.ts";
import { compareIdentity } from "./ledger.ts";
import { findNativeModules } from "./native-modules.ts";
import { outermost } from "./paths.ts";

/** A release, or what is deployed, as something to compare. */
export interface Side extends Configuration {
  /** Its artefacts. */
  readonly paths: readonly string[];
  /** The lock file of its dependencies. */
  readonly lockfile: string;
  readonly identity: Identity;
  readonly interpreter: string;
  /** Undefined: to be looked for. */
  readonly nativeModules: readonly Pick<NativeModule, "path" | "digest">[] | undefined;
}

const MOST_FILES = 200;
const PARALLEL_FILES = 8;

/** What differs between two sides; of configuration and environments with masked values. */
export async function compareSides(
  files: Files,
  from: Side,
  to: Side,
  signal: AbortSignal,
): Promise<Pick<ReleaseDifference, "changes" | "artifacts" | "more">> {
  const { changes: changed, artifacts, more } = await compareFiles(files, from, to, signal);
  const [before, after] = [from, to].map((side) => join(side.tree, side.lockfile));
  const identity = compareIdentity(from.identity, to.identity);
  return {
    changes: [
      ...identity.parts
        .map((part, index) => ({ part, detail: identity.summary[index] ?? part }))
        .filter(({ part }) => part !== "configFiles" && part !== "definitions")
        .map(({ part, detail }): Difference => ({
          kind: "identity",
          name: part,
          change: "changed",
          detail,
        })),
      ...compareInterpreter(from, to),
      ...changed,
      ...(await comparePackages(files, before ?? "", after ?? "")),
      ...(await compareConfiguration(files, from, to)),
      ...(await compareModules(files, from, to, signal)),
    ],
    artifacts,
    more,
  };
}

function compareInterpreter(from: Side, to: Side): readonly Difference[] {
  const detail = `${from.interpreter} -> ${to.interpreter}`;
  return from.interpreter === to.interpreter
    ? []
    : [{ kind: "interpreter", name: "interpreter", change: "changed", detail }];
}

async function compareFiles(
  files: Files,
  from: Side,
  to: Side,
  signal: AbortSignal,
): Promise<{
  readonly changes: readonly Difference[];
  readonly artifacts: ReleaseDifference["artifacts"];
  readonly more: number;
}> {
  const changes: Difference[] = [];
  const artifacts: ReleaseDifference["artifacts"] = [];
  let more = 0;
  for (const path of outermost([...from.paths, ...to.paths])) {
    const before = await filesIn(files, from, path, signal);
    const after = await filesIn(files, to, path, signal);
    const found = compareValues("file", before, after, tellFile);
    artifacts.push({ path, ...countsOf(found) });
    changes.push(...found.slice(0, MOST_FILES));
    more += Math.max(0, found.length - MOST_FILES);
  }
  return { changes, artifacts, more };
}

function tellFile(_name: string, before: string | undefined, after: string | undefined): string {
  return before === undefined || after === undefined ? "" : "in content, mode or kind";
}

function countsOf(changes: readonly Difference[]): Readonly<Record<Difference["change"], number>> {
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const { change } of changes) {
    counts[change] += 1;
  }
  return counts;
}

async function filesIn(
  files: Files,
  { tree }: Side,
  path: string,
  signal: AbortSignal,
): Promise<Values> {
  const entries = await files.listTree(tree, path, signal);
  const found = new Map<string, string>();
  const others = entries.filter(({ kind }) => kind !== "directory");
  await forEachLimited(others, PARALLEL_FILES, signal, async (entry) => {
    const { digest } = await files.measure(tree, entry.path, signal);
    found.set(entry.path, digest);
  });
  return found;
}

async function compareModules(
  files: Files,
  from: Side,
  to: Side,
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  const [before, after] = await Promise.all([
    modulesOf(files, from, signal),
    modulesOf(files, to, signal),
  ]);
  return compareValues("native-module", before, after, () => "");
}

async function modulesOf(files: Files, side: Side, signal: AbortSignal): Promise<Values> {
  const modules =
    side.nativeModules ?? (await findNativeModules(files, side.tree, side.paths, signal));
  return new Map(modules.map(({ path, digest }) => [path, digest]));
}
