import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The clone. */
export const ROOT = path.resolve(fileURLToPath(new URL("..", import.meta.url)));

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
/** After this long a child that was told to stop is killed. */
const STOP_LIMIT_MS = 60_000;

/**
 * Runs a program in the clone and resolves with its exit code. Signals that reach this process are passed on, and the child
 * hears through its IPC channel when this process dies.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ stdout?: "inherit" | "pipe", quiet?: boolean, env?: NodeJS.ProcessEnv, ipc?: boolean,
 *   user?: { uid: number, gid: number } }} [how] `user`: who runs it, if not the present one
 * @returns {Promise<{ code: number, output: string }>} `output`: stdout when piped, everything when quiet
 */
export async function run(program, args, how = {}) {
  const stdout = how.quiet ? "pipe" : (how.stdout ?? "inherit");
  const stderr = how.quiet ? "pipe" : "inherit";
  const child = spawn(program, args, {
    cwd: ROOT,
    env: how.env ?? process.env,
    stdio: ["ignore", stdout, stderr, ...(how.ipc ? ["ipc"] : [])],
    // A group of its own: Ctrl-C reaches it once, through us, and nothing of it is left when it has ended.
    detached: true,
    ...how.user,
  });
  const output = [];
  child.stdout?.on("data", (chunk) => output.push(chunk));
  child.stderr?.on("data", (chunk) => output.push(chunk));
  const signals = passSignals(child);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, signal) => {
        resolve(status ?? 128 + (constants.signals[signal] ?? 1));
      });
    });
    return { code, output: Buffer.concat(output).toString("utf8") };
  } finally {
    endGroup(child.pid);
    signals.stop();
    await signals.raise();
  }
}

/** Runs a TypeScript program of the clone. */
export async function runTypeScript(file, args, how = {}) {
  const env = { ...process.env, ...how.env, TSX_DISABLE_CACHE: "1" };
  return run(process.execPath, ["--import", "tsx", file, ...args], { ipc: true, ...how, env });
}

/** Runs a program that npm installed. */
export async function runTool(name, args, how = {}) {
  return run(path.join(ROOT, "node_modules", ".bin", name), args, how);
}

/** A line for the person, on stderr: stdout belongs to results. */
export function tell(line) {
  process.stderr.write(`${line}\n`);
}

/** Seconds since a `performance.now()`, for people. */
export function secondsSince(begun) {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

/** Runs a script's main function; its number is the exit code, and an error is one line with exit code 1. */
export async function main(body) {
  try {
    process.exitCode = await body(process.argv.slice(2));
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** Passes signals to the child until stopped; `raise` then lets the one that came have its usual effect on this process. */
function passSignals(child) {
  let received;
  const handlers = SIGNALS.map((signal) => {
    function pass() {
      received ??= signal;
      child.kill(signal);
      setTimeout(() => endGroup(child.pid), STOP_LIMIT_MS).unref();
    }
    process.on(signal, pass);
    return { signal, pass };
  });
  return {
    stop() {
      for (const { signal, pass } of handlers) {
        process.off(signal, pass);
      }
    },
    async raise() {
      if (received !== undefined) {
        process.kill(process.pid, received);
        await new Promise(() => {});
      }
    },
  };
}

/** Kills what is left of a child's process group. */
function endGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") {
      throw error;
    }
  }
}
