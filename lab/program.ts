import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Environment, labEnvironment } from "./environment.ts";
import type { Lab } from "./lab.ts";
import { send } from "./processes.ts";

/** A program that runs until the lab ends. */
export interface Program {
  readonly pid: number;
  /** The end of what it wrote. */
  log(): Promise<string>;
}

/** What is started, and where. */
export interface Start {
  /** Names its log, and itself in messages. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** An existing folder: its working directory, and that of its log. */
  readonly folder: string;
  readonly env?: Environment;
}

const SHOWN_LOG = 4000;
const GRACE_MS = 10_000;

/** Starts it in the lab; it is asked to end with the lab, and killed when it does not within ten seconds. */
export async function startProgram(lab: Lab, start: Start): Promise<Program> {
  const { name, program, args, folder, env = {} } = start;
  const file = path.join(folder, `${name}.log`);
  const log = await open(file, "w");
  const child = spawn(program, args, {
    cwd: folder,
    env: labEnvironment(lab.folder, env),
    stdio: ["ignore", log.fd, log.fd],
  });
  // Its end is an exit, or that it could not be started.
  const ended = once(child, "exit").then(
    () => undefined,
    () => undefined,
  );
  const { pid } = child;
  if (pid === undefined) {
    await ended;
    await log.close();
    throw new Error(`${program} cannot be started`);
  }
  await log.close();
  lab.onEnd(name, async () => {
    child.kill("SIGTERM");
    await Promise.race([ended, sleep(GRACE_MS, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) {
      send(pid, "SIGKILL");
      await ended;
    }
  });
  return { pid, log: async () => (await readFile(file, "utf8")).slice(-SHOWN_LOG) };
}
