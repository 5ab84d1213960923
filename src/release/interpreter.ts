import { basename, delimiter, isAbsolute, join } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Files } from "../system/files.ts";
import type { Definition } from "../system/pm2.ts";
import type { Processes } from "../system/process.ts";

const ASK_DEADLINE_MS = 5000;

/** The Node that runs the services. */
export interface Interpreter {
  /** Such as `v20.20.2`. */
  readonly version: string;
  /** Absolute path of its program; undefined where the services' own PATH does not lead to one. */
  readonly path: string | undefined;
  /** What its child processes need to find it and their libraries. */
  readonly env: Readonly<Record<string, string>>;
}

/** The Node that runs the services, as the first of their definitions that names one; undefined when no service runs on Node. */
export async function findInterpreter(
  { files, processes }: { readonly files: Files; readonly processes: Processes },
  definitions: readonly Definition[],
  cwd: string,
  signal: AbortSignal,
): Promise<Interpreter | undefined> {
  const found = definitions
    .map((definition) => ({ program: definition.options["exec_interpreter"], definition }))
    .find(({ program }) => typeof program === "string" && basename(program).startsWith("node"));
  if (found === undefined || typeof found.program !== "string") {
    return undefined;
  }
  const env = searchPaths(found.definition.env);
  const finished = await processes.run(
    { program: found.program, args: ["--version"], cwd, env, deadlineMs: ASK_DEADLINE_MS },
    signal,
  );
  const version = finished.stdout.trim();
  if (finished.kind !== "exited" || finished.status !== 0 || majorOf(version) === undefined) {
    throw new Failure("program-missing", `${found.program} --version gave no version`, {
      hint: `Make sure that ${found.program} can be run with the PATH of service ${found.definition.name}.`,
    });
  }
  return { version, path: await locate(files, found.program, env["PATH"] ?? ""), env };
}

/** The major number of `v20.20.2`; undefined when it is no version. */
export function majorOf(version: string): string | undefined {
  return /^v(\d+)\./u.exec(version)?.[1];
}

async function locate(files: Files, program: string, path: string): Promise<string | undefined> {
  if (isAbsolute(program)) {
    return program;
  }
  for (const folder of path.split(delimiter).filter((one) => isAbsolute(one))) {
    const place = join(folder, program);
    if (["file", "link"].includes(await files.kind(place))) {
      return place;
    }
  }
  return undefined;
}

/** Nothing else of a service's environment: the rest of it is its secrets. */
function searchPaths(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => name === "PATH" || name === "LD_LIBRARY_PATH"),
  );
}
