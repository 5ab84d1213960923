import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { run } from "./command.ts";
import { type Environment, labEnvironment, ROOT } from "./environment.ts";
import type { Lab } from "./lab.ts";
import { isOf, processesOf, send } from "./processes.ts";

/** The pm2 program of the clone. */
export const PM2_PROGRAM = path.join(ROOT, "node_modules", "pm2", "bin", "pm2");

/** A pm2 with a home of its own in the lab, handled as a person handles it: by its program. */
export interface Pm2Home {
  readonly folder: string;
  /** The environment of its program, for a script that calls it. */
  readonly env: Environment;
  /** Runs `pm2 <args>` in `cwd`. */
  command(args: readonly string[], cwd: string): Promise<string>;
  /** Its processes; none when its daemon does not run. */
  list(): Promise<readonly Pm2Process[]>;
  /** Ends its daemon and every process it keeps, and returns when they are gone. */
  kill(): Promise<void>;
}

const Pm2Process = z.object({
  name: z.string(),
  pid: z.number(),
  pm2_env: z.object({ status: z.string(), pm_uptime: z.number(), restart_time: z.number() }),
});
export type Pm2Process = z.infer<typeof Pm2Process>;

const GONE_LIMIT_MS = 5000;

/** Names a pm2 home in the lab; its daemon starts with the first command, and ends with the lab. */
export async function openPm2Home(
  lab: Lab,
  folder: string,
  additions: Environment = {},
): Promise<Pm2Home> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const env = labEnvironment(lab.folder, {
    PM2_HOME: folder,
    PM2_DISABLE_VERSION_CHECK: "1",
    PM2_DISCRETE_MODE: "true",
    PM2_NO_INTERACTION: "true",
    ...additions,
  });
  const home: Pm2Home = {
    folder,
    env,
    async command(args, cwd) {
      return run(process.execPath, [PM2_PROGRAM, ...args], { cwd, env });
    },
    async list() {
      return (await daemonPid(folder)) === undefined
        ? []
        : parseList(await home.command(["jlist", "--silent"], folder));
    },
    async kill() {
      await killHome(home);
    },
  };
  lab.onEnd(`pm2 (${path.relative(lab.folder, folder)})`, () => home.kill());
  return home;
}

/** pm2 may print other lines first. */
function parseList(output: string): readonly Pm2Process[] {
  const json = output.split("\n").findLast((line) => line.startsWith("["));
  return z.array(Pm2Process).parse(JSON.parse(json ?? "[]"));
}

/** Any command would start a new daemon where there is none, so its pid is looked at first. */
async function daemonPid(folder: string): Promise<number | undefined> {
  const pid = Number(await readFile(path.join(folder, "pm2.pid"), "utf8").catch(() => ""));
  return pid > 0 && (await isOf(pid, folder)) ? pid : undefined;
}

async function killHome(home: Pm2Home): Promise<void> {
  const daemon = await daemonPid(home.folder);
  if (daemon === undefined) {
    return;
  }
  const children = await home.list().catch(() => []);
  const pids = new Set([daemon, ...children.map((one) => one.pid).filter((pid) => pid > 0)]);
  await home.command(["kill"], home.folder).catch(() => undefined);
  const begun = performance.now();
  for (;;) {
    const left = (await processesOf(home.folder)).filter(({ pid }) => pids.has(pid));
    if (left.length === 0) {
      return;
    }
    if (performance.now() - begun > GONE_LIMIT_MS) {
      for (const { pid } of left) {
        send(pid, "SIGKILL");
      }
    }
    await sleep(20);
  }
}
