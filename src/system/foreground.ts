import { constants } from "node:os";
import { execa } from "execa";
import { Failure, messageOf } from "../model/failure.ts";

/** A program with its arguments; no shell reads them. */
export interface ForegroundCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a program in this one's place at the terminal until it ends, with the same input and output and in the same group.
 * When the signal aborts it is asked to end (SIGTERM), and waited for. Returns its exit code as a shell does: 128 + signal
 * where one ended it.
 */
export async function runForeground(
  { program, args, environment }: ForegroundCommand,
  signal: AbortSignal,
): Promise<number> {
  const child = execa(program, args, {
    stdio: "inherit",
    env: { ...environment },
    extendEnv: false,
    reject: false,
    forceKillAfterDelay: false,
  });
  function end(): void {
    child.kill("SIGTERM");
  }
  signal.addEventListener("abort", end, { once: true });
  try {
    const result = await child;
    if (child.pid === undefined) {
      throw new Failure("program-missing", `cannot run ${program}: ${messageOf(result)}`, {
        hint: "Give a program that is there and may be run; a line for a shell needs `sh -c`.",
      });
    }
    return (
      result.exitCode ?? 128 + (result.signal === undefined ? 0 : constants.signals[result.signal])
    );
  } finally {
    signal.removeEventListener("abort", end);
  }
}
