import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labEnvironment } from "./environment.ts";
import type { Lab } from "./lab.ts";
import { send } from "./processes.ts";
import { EXAMPLE } from "./releases.ts";

/** Another organisation's service on which the radiation system depends: a process of its own, which no pm2 knows. */
export interface CalibrationService {
  readonly url: string;
  /** Starts it, and returns when it answers. */
  start(): Promise<void>;
  /** Kills it; safe to call twice. */
  stop(): Promise<void>;
}

const PROGRAM = path.join(EXAMPLE, "upstream", "calibration-service.js");
const START_LIMIT_MS = 15_000;

/** Starts the calibration service on a port of the lab. */
export async function startCalibrationService(lab: Lab): Promise<CalibrationService> {
  const port = await lab.port();
  const url = `http://127.0.0.1:${port}`;
  let running: ChildProcess | undefined;

  async function stop(): Promise<void> {
    const child = running;
    running = undefined;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      send(child.pid, "SIGKILL");
      await gone;
    }
  }

  const service: CalibrationService = {
    url,
    async start() {
      await stop();
      running = spawn(process.execPath, [PROGRAM, String(port)], {
        cwd: lab.folder,
        env: labEnvironment(lab.folder),
        stdio: "ignore",
        // A group of its own: Ctrl-C in a terminal is for the lab, which ends its parts in order.
        detached: true,
      });
      await untilAnswering(url);
    },
    stop,
  };
  lab.onEnd("calibration service", stop);
  await service.start();
  return service;
}

async function untilAnswering(url: string): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < START_LIMIT_MS) {
    const isUp = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) {
      return;
    }
    await sleep(50);
  }
  throw new Error(`the calibration service does not answer at ${url}`);
}
