import { join } from "node:path";
import { z } from "zod";
import type { NativeModule } from "../model/release.ts";
import type { Files } from "../system/files.ts";
import type { Processes } from "../system/process.ts";
import type { Interpreter } from "./interpreter.ts";
import { outermost } from "./paths.ts";

const LOAD_DEADLINE_MS = 20_000;

const MARK = "rollwatch ";
/** Run by the services' own Node: one line for each module, written at once, since a bad one may end the process. */
const LOADER = `
  const fs = require("fs");
  for (const path of process.argv.slice(1)) {
    let reason = null;
    try { process.dlopen({ exports: {} }, path); } catch (error) { reason = String(error.message).split("\\n")[0]; }
    fs.writeSync(1, "\\nrollwatch " + JSON.stringify(reason) + "\\n");
  }
  process.reallyExit ? process.reallyExit(0) : process.exit(0);
`;

/** What is known of native modules by content and interpreter: null loads, a text is why it does not. */
export type LoadMemory = Map<string, string | null>;

export interface LoadPorts {
  readonly processes: Processes;
  readonly memory: LoadMemory;
}

/** A native module in a folder. */
interface Place {
  readonly path: string;
  readonly digest: string;
}

/** Every `*.node` file below the artefacts of a tree. */
export async function findNativeModules(
  files: Files,
  tree: string,
  artifacts: readonly string[],
  signal: AbortSignal,
): Promise<readonly Place[]> {
  const found: Place[] = [];
  for (const artifact of outermost(artifacts)) {
    const entries = await files.listTree(tree, artifact, signal);
    for (const { path, kind } of entries) {
      if (kind === "file" && path.endsWith(".node")) {
        found.push({ path, digest: (await files.hash(join(tree, path))) ?? "" });
      }
    }
  }
  return found;
}

/**
 * Why each module of `tree` does not load with this interpreter, in their order; null for one that does. It is tried in a
 * process of its own, once for each content and interpreter.
 */
export async function loadNativeModules(
  { processes, memory }: LoadPorts,
  interpreter: Interpreter,
  { tree, modules }: { readonly tree: string; readonly modules: readonly Place[] },
  signal: AbortSignal,
): Promise<readonly (string | null)[]> {
  function keyOf({ path, digest }: Place): string {
    return `${digest} ${path} ${interpreter.path ?? "node"} ${interpreter.version}`;
  }
  let open = modules.filter((one) => memory.get(keyOf(one)) === undefined);
  while (open.length > 0) {
    const paths = open.map(({ path }) => join(tree, path));
    const reasons = await tryAll(processes, interpreter, { tree, paths }, signal);
    for (const [index, reason] of reasons.entries()) {
      const one = open[index];
      if (one !== undefined) {
        memory.set(keyOf(one), reason);
      }
    }
    // One that ended the process has its own answer; those behind it are asked in the next one.
    open = open.slice(reasons.length);
  }
  return modules.map((one) => memory.get(keyOf(one)) ?? null);
}

/** At least one answer: the last is that of the module in which the process ended, when it ended early. */
async function tryAll(
  processes: Processes,
  { path, env }: Interpreter,
  { tree, paths }: { readonly tree: string; readonly paths: readonly string[] },
  signal: AbortSignal,
): Promise<readonly (string | null)[]> {
  const program = path ?? "node";
  const args = ["-e", LOADER, ...paths];
  const command = { program, args, cwd: tree, env, deadlineMs: LOAD_DEADLINE_MS };
  const finished = await processes.run(command, signal);
  // A module may write there too while it is loaded.
  const lines = finished.stdout.split("\n").filter((line) => line.startsWith(MARK));
  const reasons = lines.map((line) => answerIn(line.slice(MARK.length)));
  if (reasons.length >= paths.length) {
    return reasons.slice(0, paths.length);
  }
  const ended =
    finished.kind === "timed-out" ? "loading it takes too long" : "loading it ends the process";
  return [...reasons, finished.kind === "not-found" ? `${program} cannot be run` : ended];
}

function answerIn(text: string): string | null {
  const answer = z.string().nullable().safeParse(JSON.parse(text));
  return answer.success ? answer.data : null;
}

/** What the capture says of the modules it found. */
export function describeModules(
  modules: readonly Place[],
  reasons: readonly (string | null)[],
): NativeModule[] {
  return modules.map(({ path, digest }, index) => ({
    path,
    digest,
    loads: reasons[index] === null,
  }));
}
