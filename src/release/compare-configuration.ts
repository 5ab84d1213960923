import { join } from "node:path";
import type { Difference } from "../model/difference.ts";
import type { Files } from "../system/files.ts";
import type { Definition } from "../system/pm2.ts";
import { definedVariables } from "../system/pm2-definition.ts";
import { changeOf, compareValues, tellValues, type Values } from "./compare-values.ts";
import { masked } from "./masked.ts";

/** The configuration of a release, or of what is deployed. */
export interface Configuration {
  /** The folder that its paths are relative to. */
  readonly tree: string;
  readonly configFiles: readonly string[];
  readonly definitions: readonly Definition[];
}

/** Options of pm2 that say where a program lies and how it runs; they hold no secret. */
const OPEN_OPTIONS: ReadonlySet<string> = new Set([
  "pm_exec_path",
  "pm_cwd",
  "exec_interpreter",
  "exec_mode",
  "namespace",
]);
/** `NAME=value`, `const name = value`, `name: value` or `"name": value`, at the beginning of a line. */
const SETTING =
  /^[ \t]*(?:export[ \t]+)?(?:(?:const|let|var)[ \t]+)?["']?([A-Za-z_][\w.-]*)["']?[ \t]*[=:][ \t]*(.*)$/gmu;
/** Files in which such lines are settings; of any other only the file itself is told. */
const HAS_SETTINGS = /(^|\/)[^/]*(\.?env[^/]*|\.(?:[cm]?js|ts|json|ya?ml|toml|ini|conf))$/u;

/** What differs between configuration files, and between pm2's definitions with their environments; values masked. */
export async function compareConfiguration(
  files: Files,
  from: Configuration,
  to: Configuration,
): Promise<readonly Difference[]> {
  const changes: Difference[] = [];
  for (const path of new Set([...from.configFiles, ...to.configFiles])) {
    const before = await files.readText(join(from.tree, path));
    const after = await files.readText(join(to.tree, path));
    if (before !== after) {
      changes.push(...compareFile(path, before, after));
    }
  }
  return [...changes, ...compareDefinitions(from.definitions, to.definitions)];
}

function compareFile(
  path: string,
  before: string | undefined,
  after: string | undefined,
): readonly Difference[] {
  const names = compareValues(
    "configuration",
    settingsIn(path, before),
    settingsIn(path, after),
    tell,
  );
  return names.length > 0
    ? names
    : [{ kind: "configuration", name: path, change: changeOf(before, after), detail: "" }];
}

/** A name that stands there several times is numbered. */
function settingsIn(path: string, text = ""): Values {
  const found = new Map<string, string>();
  for (const [, name = "", value = ""] of HAS_SETTINGS.test(path) ? text.matchAll(SETTING) : []) {
    let label = `${path} ${name}`;
    for (let nth = 2; found.has(label); nth += 1) {
      label = `${path} ${name} (${nth})`;
    }
    found.set(label, value);
  }
  return found;
}

function compareDefinitions(
  from: readonly Definition[],
  to: readonly Definition[],
): readonly Difference[] {
  return compareValues("definition", definitionValues(from), definitionValues(to), tell);
}

/** One name for each option and each variable of each service; processes of one service share theirs, and are counted. */
function definitionValues(definitions: readonly Definition[]): Values {
  const counts = new Map<string, number>();
  for (const { name } of definitions) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map([
    ...[...counts].map(([name, count]) => [`${name} processes`, String(count)] as const),
    ...definitions.flatMap((definition) => [
      ...Object.entries(definition.options).map(
        ([key, value]) => [`${definition.name} ${key}`, textOf(value)] as const,
      ),
      ...Object.entries(definedVariables(definition)).map(
        ([key, value]) => [`${definition.name} env ${key}`, value] as const,
      ),
    ]),
  ]);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function tell(label: string, before: string | undefined, after: string | undefined): string {
  const name =
    label
      .replace(/ \(\d+\)$/u, "")
      .split(" ")
      .at(-1) ?? label;
  const [then, now] = [before, after].map((value) =>
    value === undefined || OPEN_OPTIONS.has(name) ? value : masked(name, value),
  );
  return tellValues(then, now);
}
