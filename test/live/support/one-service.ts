import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { type Environment, labEnvironment, ROOT } from "../../../lab/environment.ts";
import { openJournalReader } from "../../../lab/journal-reader.ts";
import type { Lab } from "../../../lab/lab.ts";
import type { Condition } from "../../../lab/milestones.ts";
import { openPm2Home, PM2_PROGRAM } from "../../../lab/pm2-home.ts";
import type { Entry } from "../../../src/model/facts.ts";
import { type DaemonLife, startProgram } from "./daemon-life.ts";

/** The smallest application that rollwatch can watch: one service without git, under a pm2 of its own. */
export interface OneService {
  readonly environment: Environment;
  readonly configuration: string;
  readonly state: string;
  readonly health: string;
  /** Installs what answers with this status, as a deployment does. */
  deploy(status: number): Promise<void>;
  /** The status that it answers now. */
  status(): Promise<number>;
  /** Starts the daemon, with more variables in its environment; does not wait until it watches. */
  start(more?: Environment): DaemonLife;
  entries(): Promise<readonly Entry[]>;
  until(what: string, isSo: Condition): Promise<readonly Entry[]>;
}

const SERVER = `
const { readFileSync } = require("node:fs");
const status = Number(readFileSync(__dirname + "/status", "utf8"));
require("node:http").createServer((request, response) => {
  response.writeHead(status).end();
}).listen(Number(process.env.PORT), "127.0.0.1");
`;
/** More than twice what the longest wait takes: a breach that began while rollwatch stood still must outlast a minute. */
const LIMIT_MS = 150_000;

/** Starts it with a release that answers 200; `more` is added to its configuration. */
export async function startOneService(
  lab: Lab,
  more: Readonly<Record<string, unknown>> = {},
): Promise<OneService> {
  const root = join(lab.folder, "one");
  const state = join(lab.folder, "state");
  const configuration = join(lab.folder, "rollwatch.yaml");
  const port = await lab.port();
  const health = `http://127.0.0.1:${port}/health`;
  const bin = join(ROOT, "node_modules", ".bin");
  const pm2 = await openPm2Home(lab, join(lab.folder, "pm2"), {
    PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
  });
  const environment = labEnvironment(lab.folder, {
    HOME: lab.folder,
    TMPDIR: lab.folder,
    PATH: pm2.env["PATH"] ?? "",
  });

  async function install(status: number): Promise<void> {
    await writeFile(join(root, "app", "status.new"), String(status));
    await rename(join(root, "app", "status.new"), join(root, "app", "status"));
  }

  async function entries(): Promise<readonly Entry[]> {
    const reader = await openJournalReader(state);
    try {
      return reader?.entries() ?? [];
    } finally {
      reader?.close();
    }
  }

  await mkdir(join(root, "app"), { recursive: true });
  await writeFile(join(root, "app", "server.js"), SERVER);
  await install(200);
  const apps = [{ name: "one", script: "app/server.js", cwd: root, env: { PORT: String(port) } }];
  await writeFile(join(lab.folder, "services.json"), JSON.stringify({ apps }));
  await pm2.command(["start", join(lab.folder, "services.json")], lab.folder);
  await pm2.command(["save"], lab.folder);
  await writeFile(configuration, stringify({ ...configOf(), ...more }), { mode: 0o600 });
  await chmod(configuration, 0o600);

  function configOf(): Readonly<Record<string, unknown>> {
    const source = { source: "directory", artifacts: ["app"], services: [{ name: "one" }] };
    const probe = { kind: "http", url: health, interval: "1s", timeout: "900ms" };
    return {
      application: { name: "one", root, pm2Home: pm2.folder, pm2Program: PM2_PROGRAM, ...source },
      signals: [
        { name: "health", trigger: "system-down", probe },
        { name: "services", trigger: "system-down", probe: { kind: "pm2" } },
      ],
      policy: { triggers: { "system-down": { mode: "auto" } } },
      release: { bake: "1s", warm: false },
      verify: { settle: "500ms", steady: "1s", timeout: "30s" },
      server: { listen: "127.0.0.1:0" },
      state,
    };
  }

  return {
    environment,
    configuration,
    state,
    health,
    deploy: async (status) => {
      await install(status);
      await pm2.command(["restart", "one"], lab.folder);
    },
    status: async () => (await fetch(health, { signal: AbortSignal.timeout(5000) })).status,
    start: (variables = {}) => {
      const env = { ...environment, ...variables };
      const life = startProgram(["run", "--config", configuration], env);
      lab.onEnd("daemon", async () => {
        // By its handle and not by its pid, which after its end may long be another process's.
        life.send("SIGKILL");
        await life.ended;
      });
      return life;
    },
    entries,
    until: async (what, isSo) => {
      const end = performance.now() + LIMIT_MS;
      let seen = await entries();
      while (!isSo(seen)) {
        if (performance.now() > end) {
          throw new Error(`never seen: ${what}; last ${JSON.stringify(seen).slice(-3000)}`);
        }
        await pause();
        seen = await entries();
      }
      return seen;
    },
  };
}

async function pause(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
}
