import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { stringify } from "yaml";
import { labEnvironment, ROOT } from "../../../lab/environment.ts";
import { type Lab, openLab } from "../../../lab/lab.ts";
import { openPm2Home, PM2_PROGRAM, type Pm2Home } from "../../../lab/pm2-home.ts";
import { processesOf } from "../../../lab/processes.ts";
import type { ServiceInstance } from "../../../src/model/service.ts";
import { openClock } from "../../../src/system/clock.ts";
import { openFiles } from "../../../src/system/files.ts";
import { openPm2, type Pm2 } from "../../../src/system/pm2.ts";
import { openProcesses } from "../../../src/system/process.ts";

/** Does nothing but live; ends as a crash does at SIGUSR2, and at its start while `MISHAP` is there. */
const SCRIPT = `
if (require("fs").existsSync(process.env.MISHAP || "/nowhere")) process.exit(1);
setTimeout(() => process.send?.("ready"), Number(process.env.READY_AFTER_MS || 0));
process.on("SIGUSR2", () => process.exit(3));
setInterval(() => undefined, 1000);
`;
const LIMIT_MS = 60_000;

/** What one command came to. */
export interface Told {
  readonly code: number;
  /** Both outputs. */
  readonly said: string;
  readonly tookMs: number;
}

/** A pm2 of its own with services that do nothing, as rollwatch sees it, and rollwatch's commands about it. */
export interface MistrustedPm2 {
  readonly lab: Lab;
  readonly app: string;
  readonly home: Pm2Home;
  readonly pm2: Pm2;
  /** Starts services from a file, as a person does; each is `{ name, ...pm2's options }`. */
  start(...services: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  /** pm2's processes of a service. */
  instances(name: string): Promise<readonly ServiceInstance[]>;
  /** The only one; throws where there is another number. */
  only(name: string): Promise<ServiceInstance>;
  /** Looks again and again until it is so. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  /** Every pm2 daemon that this lab has made, also one that nobody can reach. */
  daemons(): Promise<readonly number[]>;
  /** Pids of the services' processes, whether pm2 knows them or not, sorted. */
  running(): Promise<readonly number[]>;
  /** Runs a command of rollwatch with the configuration that watches the services `api` and `worker`. */
  rollwatch(...args: readonly string[]): Promise<Told>;
  /** The same pm2 with another program. */
  withProgram(program: string): Pm2;
}

const clock = openClock();

/** Opens it, without services and so without a daemon. */
export async function openMistrustedPm2(): Promise<MistrustedPm2> {
  const lab = await openLab();
  const app = join(lab.folder, "app");
  await mkdir(app);
  await writeFile(join(app, "steady.js"), SCRIPT);
  const home = await openPm2Home(lab, join(lab.folder, "p"));
  const configuration = join(lab.folder, "rollwatch.yaml");
  const content = configurationOf(lab, home, app);
  await writeFile(configuration, stringify(content), { mode: 0o600 });
  const { signal } = new AbortController();

  function withProgram(program: string): Pm2 {
    // What a careless watcher would leak: its own variables.
    const environment = { PATH: home.env["PATH"] ?? "", HOME: app, PORT: "9999", LEAK: "secret" };
    const ports = { clock, files: openFiles(), processes: openProcesses(clock) };
    return openPm2({ home: home.folder, program, environment }, ports);
  }

  const pm2 = withProgram(PM2_PROGRAM);
  async function instances(name: string): Promise<readonly ServiceInstance[]> {
    const [service] = await pm2.services([name], signal);
    return service?.instances ?? [];
  }

  return {
    lab,
    app,
    home,
    pm2,
    instances,
    withProgram,
    async start(...services) {
      const apps = services.map((one) => ({ script: "steady.js", kill_timeout: 900, ...one }));
      await writeFile(join(app, "services.json"), JSON.stringify({ apps }));
      await home.command(["start", "services.json"], app);
    },
    async only(name) {
      const [instance, ...more] = await instances(name);
      if (instance === undefined || more.length > 0) {
        throw new Error(`${name} has ${more.length + (instance === undefined ? 0 : 1)} processes`);
      }
      return instance;
    },
    async until(what, isSo) {
      const end = clock.monotonic() + LIMIT_MS;
      while (!(await isSo())) {
        if (clock.monotonic() > end) {
          throw new Error(`never seen: ${what}`);
        }
        await clock.sleep(50, signal);
      }
    },
    async daemons() {
      const all = await processesOf(lab.folder);
      return all.filter(({ command }) => command.includes("God Daemon")).map(({ pid }) => pid);
    },
    async running() {
      const all = await processesOf(lab.folder);
      const services = all.filter(({ command }) => /steady\.js|ProcessContainer/u.test(command));
      return services.map(({ pid }) => pid).toSorted((a, b) => a - b);
    },
    async rollwatch(...args) {
      const begun = clock.monotonic();
      const main = join(ROOT, "src", "main.ts");
      const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
        cwd: ROOT,
        env: labEnvironment(lab.folder, {
          ROLLWATCH_CONFIG: configuration,
          PM2_HOME: home.folder,
          USER: "tester",
        }),
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = once(child, "exit");
      const said = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = await ended;
      return { code: Number(code), said: said.join("\n"), tookMs: clock.monotonic() - begun };
    },
  };
}

function configurationOf(lab: Lab, home: Pm2Home, app: string): unknown {
  return {
    application: {
      name: "mistrusted",
      root: app,
      pm2Home: home.folder,
      pm2Program: PM2_PROGRAM,
      source: "directory",
      services: [{ name: "api" }, { name: "worker" }],
      artifacts: ["steady.js"],
    },
    signals: [
      {
        name: "services",
        trigger: "system-down",
        probe: { kind: "pm2", interval: "500ms", timeout: "1500ms" },
        breachAfter: 2,
      },
    ],
    state: join(lab.folder, "state"),
  };
}
