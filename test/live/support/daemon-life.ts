import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Environment, ROOT } from "../../../lab/environment.ts";
import type { KillPoint } from "./kill-point.ts";

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One life of a daemon, from its start to its end. */
export interface DaemonLife {
  readonly pid: number;
  /** Resolves when it watches; rejects when it ends before that. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Ending>;
  /** The end of what it wrote so far. */
  output(): string;
  /** Everything that it wrote so far. */
  everything(): string;
  send(signal: NodeJS.Signals): void;
}

/** The mortal daemon, from the clone's root. */
export const MORTAL_DAEMON = "test/live/support/mortal-daemon.ts";
const SHOWN = 6000;

/** Starts the compiled mortal daemon; it dies at the point, or lives until it is asked to end. */
export function startLife(
  { program, configuration }: { readonly program: string; readonly configuration: string },
  env: Environment,
  point: KillPoint | undefined,
): DaemonLife {
  const args = [program, configuration, ...(point === undefined ? [] : [JSON.stringify(point)])];
  return begin(args, env);
}

/** Starts a compiled program with these arguments. */
export function startCompiled(
  program: string,
  args: readonly string[],
  env: Environment,
): DaemonLife {
  return begin([program, ...args], env);
}

/** Starts rollwatch's own program. */
export function startProgram(args: readonly string[], env: Environment): DaemonLife {
  const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
  return begin(["--import", "tsx", main, ...args], env);
}

function begin(args: readonly string[], env: Environment): DaemonLife {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error("the daemon was not started");
  }
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = endingOf(child);
  const ready = untilReady(child, ended, () => output.slice(-SHOWN));
  // Who does not wait for it is not to be disturbed by it.
  ready.catch(() => undefined);
  return {
    pid,
    ready,
    ended,
    output: () => output.slice(-SHOWN),
    everything: () => output,
    send: (signal) => child.kill(signal),
  };
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  await once(child, "close");
  return { code: child.exitCode, signal: child.signalCode };
}

async function untilReady(
  child: ChildProcess,
  ended: Promise<Ending>,
  output: () => string,
): Promise<void> {
  const early = ended.then((ending) => {
    throw new Error(
      `the daemon ended before it was ready (${JSON.stringify(ending)})\n${output()}`,
    );
  });
  await Promise.race([once(child, "message"), early]);
}
