import { join } from "node:path";
import type { Identity } from "../model/identity.ts";
import type { NativeModule } from "../model/release.ts";
import type { ReleaseDifference } from "../model/release-report.ts";
import type { Files } from "../system/files.ts";
import { forEachLimited } from "../system/limited.ts";
import type { Definition } from "../system/pm2.ts";
import { compareIdentity } from "./ledger.ts";
import { findNativeModules } from "./native-modules.ts";
import { outermost } from "./paths.ts";

/** A release, or what is deployed, as something to compare. */
export interface Side {
  /** The folder that its paths are relative to. */
  readonly tree: string;
  /** Its artefacts. */
  readonly paths: readonly string[];
  readonly configFiles: readonly string[];
  readonly identity: Identity;
  readonly interpreter: string;
  /** Undefined: to be looked for. */
  readonly nativeModules: readonly Pick<NativeModule, "path" | "digest">[] | undefined;
  readonly definitions: readonly Definition[];
}

type Change = ReleaseDifference["changes"][number];
type Values = ReadonlyMap<string, string>;

const MOST_FILES = 200;
const PARALLEL_FILES = 8;

/** What differs between two sides; of configuration and environments the names alone. */
export async function compareSides(
  files: Files,
  from: Side,
  to: Side,
  signal: AbortSignal,
): Promise<Pick<ReleaseDifference, "changes" | "more">> {
  const { changes: changed, more } = await compareFiles(files, from, to, signal);
  const identity = compareIdentity(from.identity, to.identity);
  return {
    changes: [
      ...identity.parts
        .map((part, index) => ({ part, detail: identity.summary[index] ?? part }))
        .filter(({ part }) => part !== "configFiles" && part !== "definitions")
        .map(({ part, detail }): Change => ({
          kind: "identity",
          name: part,
          change: "changed",
          detail,
        })),
      ...compareInterpreter(from, to),
      ...changed,
      ...(await compareConfiguration(files, from, to)),
      ...compareDefinitions(from, to),
      ...(await compareModules(files, from, to, signal)),
    ],
    more,
  };
}

function compareInterpreter(from: Side, to: Side): readonly Change[] {
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
): Promise<{ readonly changes: readonly Change[]; readonly more: number }> {
  const changes: Change[] = [];
  let more = 0;
  for (const path of outermost([...from.paths, ...to.paths])) {
    const before = await filesIn(files, from, path, signal);
    const after = await filesIn(files, to, path, signal);
    const found = compareValues("file", before, after, "in content, mode or kind");
    changes.push(...found.slice(0, MOST_FILES));
    more += Math.max(0, found.length - MOST_FILES);
  }
  return { changes, more };
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

/** Of files that hold `NAME=value` lines, which names; of others, which files. */
async function compareConfiguration(
  files: Files,
  from: Side,
  to: Side,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const path of new Set([...from.configFiles, ...to.configFiles])) {
    const before = await files.readText(join(from.tree, path));
    const after = await files.readText(join(to.tree, path));
    if (before === after) {
      continue;
    }
    const names = compareValues("configuration", namesIn(path, before), namesIn(path, after), "");
    const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
    changes.push(
      ...(names.length > 0
        ? names
        : [{ kind: "configuration" as const, name: path, change, detail: "" } satisfies Change]),
    );
  }
  return changes;
}

function namesIn(path: string, text: string | undefined): Values {
  const lines = (text ?? "").matchAll(/^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/gmu);
  return /(^|\/)[^/]*\.?env[^/]*$/u.test(path)
    ? new Map([...lines].map(([, name, value]) => [`${path} ${name}`, value ?? ""]))
    : new Map();
}

function compareDefinitions(from: Side, to: Side): readonly Change[] {
  return compareValues("definition", definitionValues(from), definitionValues(to), "");
}

/** One name for each option and each variable of each service; processes of one service share theirs. */
function definitionValues({ definitions }: Side): Values {
  return new Map(
    definitions.flatMap(({ name, options, env }) => [
      ...Object.entries(options).map(
        ([key, value]) => [`${name} ${key}`, JSON.stringify(value) ?? ""] as const,
      ),
      ...Object.entries(env).map(([key, value]) => [`${name} env ${key}`, value] as const),
    ]),
  );
}

async function compareModules(
  files: Files,
  from: Side,
  to: Side,
  signal: AbortSignal,
): Promise<readonly Change[]> {
  const [before, after] = await Promise.all([
    modulesOf(files, from, signal),
    modulesOf(files, to, signal),
  ]);
  return compareValues("native-module", before, after, "");
}

async function modulesOf(files: Files, side: Side, signal: AbortSignal): Promise<Values> {
  const modules =
    side.nativeModules ?? (await findNativeModules(files, side.tree, side.paths, signal));
  return new Map(modules.map(({ path, digest }) => [path, digest]));
}

/** The values themselves are compared, never told. */
function compareValues(
  kind: Change["kind"],
  before: Values,
  after: Values,
  detail: string,
): readonly Change[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name): readonly Change[] => {
    if (before.get(name) === after.get(name)) {
      return [];
    }
    const change = !before.has(name) ? "added" : after.has(name) ? "changed" : "removed";
    return [{ kind, name, change, detail: change === "changed" ? detail : "" }];
  });
}
