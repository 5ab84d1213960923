import { basename } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Definition } from "../system/pm2.ts";
import type { Processes } from "../system/process.ts";

const ASK_DEADLINE_MS = 5000;

/** The version of the Node that runs the services, such as `v20.20.2`; `none` when no service runs on Node. */
export async function interpreterVersion(
  processes: Processes,
  definitions: readonly Definition[],
  cwd: string,
  signal: AbortSignal,
): Promise<string> {
  const found = definitions
    .map((definition) => ({ program: definition.options["exec_interpreter"], definition }))
    .find(({ program }) => typeof program === "string" && basename(program).startsWith("node"));
  if (found === undefined || typeof found.program !== "string") {
    return "none";
  }
  const path = found.definition.env["PATH"];
  const env = path === undefined ? {} : { PATH: path };
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
  return version;
}

/** The major number of `v20.20.2`; undefined when it is no version. */
export function majorOf(version: string): string | undefined {
  return /^v(\d+)\./u.exec(version)?.[1];
}
