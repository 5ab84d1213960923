import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Lab } from "../../lab/lab.ts";
import { openPm2Home, type Pm2Home } from "../../lab/pm2-home.ts";
import { send } from "../../lab/processes.ts";
import type { Behaviour } from "./cases.ts";

/** The service that everybody watches, under a pm2 of its own. */
export interface Target {
  /** The folder that rollwatch calls the application's root. */
  readonly root: string;
  readonly port: number;
  readonly pm2: Pm2Home;
  readonly service: string;
  /** Where pm2 keeps the service's process id. */
  readonly pidFile: string;
  /** Misbehaves from now on; returns the moment, ms since the epoch. */
  begin(behaviour: Behaviour): Promise<number>;
  /** Is well again. */
  heal(): Promise<void>;
}

const SOURCE = fileURLToPath(new URL("target.cjs", import.meta.url));
const WEBSOCKETS = createRequire(import.meta.url).resolve("ws");
const SERVICE = "target";
const LIMIT_MS = 30_000;

/** Starts it and returns when it answers. */
export async function startTarget(lab: Lab): Promise<Target> {
  const root = path.join(lab.folder, "application");
  const broken = path.join(lab.folder, "broken");
  const [port, control] = [await lab.port(), await lab.port()];
  const pm2 = await openPm2Home(lab, path.join(lab.folder, "pm2"), {
    PORT: String(port),
    CONTROL_PORT: String(control),
    BROKEN_FILE: broken,
    WS_MODULE: WEBSOCKETS,
  });
  await mkdir(root);
  await copyFile(SOURCE, path.join(root, "target.cjs"));
  // One that cannot start is tried a few times and then left alone, as pm2 does by default.
  const args = ["start", "target.cjs", "--name", SERVICE, "--max-restarts", "3"];
  await pm2.command(args, root);
  await untilAnswers(port);
  return {
    root,
    port,
    pm2,
    service: SERVICE,
    pidFile: path.join(pm2.folder, "pids", `${SERVICE}-0.pid`),
    async begin(behaviour) {
      if (behaviour.name === "killed") {
        await writeFile(broken, "");
        const pid = (await pm2.list()).find((one) => one.name === SERVICE)?.pid ?? 0;
        const at = Date.now();
        send(pid, "SIGKILL");
        return at;
      }
      await tell(control, behaviour);
      return Date.now();
    },
    async heal() {
      if (await wasKilled(control)) {
        await rm(broken, { force: true });
        await pm2.command(["restart", SERVICE], root);
      } else {
        await tell(control, { name: "healthy" });
      }
      await untilAnswers(port);
    },
  };
}

async function tell(control: number, behaviour: Behaviour): Promise<void> {
  const { name, spikes } = behaviour;
  const query = new URLSearchParams({
    name,
    ...(spikes === undefined
      ? {}
      : { badMs: String(spikes.badMs), everyMs: String(spikes.everyMs) }),
  });
  await fetch(`http://127.0.0.1:${control}/?${query.toString()}`);
}

async function wasKilled(control: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${control}/?name=healthy`).then(
    () => false,
    () => true,
  );
}

async function untilAnswers(port: number): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const url = `http://127.0.0.1:${port}/health`;
  while (
    !(await fetch(url, { signal: limit }).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    await sleep(50, undefined, { signal: limit });
  }
}
