import { execa } from "execa";
import type { Environment } from "./environment.ts";

/** One program run of the lab; `as` drops to another user. */
export interface Run {
  readonly cwd: string;
  readonly env: Environment;
  readonly timeoutMs?: number;
  readonly as?: { readonly uid: number; readonly gid: number };
}

const DEFAULT_TIMEOUT_MS = 60_000;
const SHOWN_OUTPUT = 2000;

/** Runs a program without a shell and returns its stdout; throws with the end of its output when it does not exit with 0. */
export async function run(program: string, args: readonly string[], how: Run): Promise<string> {
  const result = await execa(program, args, {
    cwd: how.cwd,
    env: how.env,
    extendEnv: false,
    stdin: "ignore",
    timeout: how.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    forceKillAfterDelay: 2000,
    reject: false,
    ...(how.as === undefined ? {} : { uid: how.as.uid, gid: how.as.gid }),
  });
  if (result.failed) {
    const output = `${result.stdout}\n${result.stderr}`.trim().slice(-SHOWN_OUTPUT);
    const ending = result.timedOut
      ? "took too long"
      : `failed (${result.exitCode ?? result.signal ?? "not started"})`;
    throw new Error(
      `${program} ${args.join(" ")} ${ending}\n${output || result.originalMessage || ""}`,
    );
  }
  return result.stdout;
}
