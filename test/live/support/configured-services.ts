import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../../../lab/lab.ts";
import { openPm2Home, type Pm2Home, type Pm2Process } from "../../../lab/pm2-home.ts";
import { git } from "../../../lab/repository.ts";

/** Services that read different kinds of configuration, under a real pm2: `api` alone serves, `feed` is a cluster of two. */
export interface ConfiguredServices {
  readonly root: string;
  readonly url: string;
  readonly pm2: Pm2Home;
  read(path: string): Promise<string>;
  write(path: string, content: string): Promise<void>;
  /** Starts the services of the ecosystem file anew with these variables, as a person does who edits it. */
  setEnvironment(variables: Readonly<Record<string, string>>): Promise<void>;
  /** Commits newer code, which nobody restarts. */
  commitCode(content: string): Promise<void>;
  /** pids by service, each sorted. */
  pids(): Promise<Readonly<Record<string, readonly number[]>>>;
  /** What the kernel shows of the environments of a service's processes. */
  environments(service: string): Promise<readonly string[]>;
}

export const SERVICES = ["api", "feed", "watcher", "clock"] as const;

const IDLE = 'process.on("SIGINT", () => process.exit(0)); setInterval(() => undefined, 1000);\n';
const API = `
const { port } = require("./db.js");
process.on("SIGINT", () => process.exit(0));
require("node:http").createServer((request, response) => response.end("well")).listen(port, "127.0.0.1");
`;

/** Nobody's configuration. */
const GIT = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Deployment",
  GIT_AUTHOR_EMAIL: "deployment@example.org",
  GIT_COMMITTER_NAME: "Deployment",
  GIT_COMMITTER_EMAIL: "deployment@example.org",
};

/** Starts them on their first configuration: `MODE=good`, and `more`, for all but `clock`, which has none. */
export async function startConfiguredServices(
  lab: Lab,
  more: Readonly<Record<string, string>> = {},
): Promise<ConfiguredServices> {
  const root = join(lab.folder, "app");
  const port = await lab.port();
  const pm2 = await openPm2Home(lab, join(lab.folder, "pm2"));
  const env = { ...pm2.env, ...GIT };

  async function write(path: string, content: string): Promise<void> {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }

  async function commit(message: string): Promise<void> {
    await git(root, env, ["add", "--all"]);
    await git(root, env, ["commit", "--quiet", "--message", message]);
  }

  async function writeEcosystem(variables: Readonly<Record<string, string>>): Promise<void> {
    const own = { feed: { exec_mode: "cluster", instances: 2 }, clock: { env: {} } };
    const apps = SERVICES.map((name) => ({
      name,
      script: `server/${name}.js`,
      cwd: root,
      env: variables,
      ...(name === "feed" || name === "clock" ? own[name] : {}),
    }));
    await write("ecosystem.config.cjs", `module.exports = ${JSON.stringify({ apps })};\n`);
  }

  async function list(): Promise<readonly Pm2Process[]> {
    const all = await pm2.list();
    return all.filter((one) => one.pm2_env.status === "online");
  }

  async function pids(): Promise<Record<string, readonly number[]>> {
    const all = await list();
    return Object.fromEntries(
      SERVICES.map((name) => [
        name,
        all
          .flatMap((one) => (one.name === name ? [one.pid] : []))
          .toSorted((one, other) => one - other),
      ]),
    );
  }

  await write("server/api.js", API);
  for (const name of ["feed", "watcher", "clock"]) {
    await write(`server/${name}.js`, IDLE);
  }
  await write("server/db.js", `module.exports = { port: ${port}, pool: 5 };\n`);
  await write(".env", "TOKEN=first\n");
  await write("limits.yaml", "limit: 1\n");
  await write(".gitignore", ".env\nlimits.yaml\nserver/db.js\necosystem.config.cjs\n.rollwatch\n");
  await writeEcosystem({ MODE: "good", ...more });
  await git(root, env, ["init", "--quiet", "--initial-branch=main"]);
  await commit("first");
  await pm2.command(["start", "ecosystem.config.cjs"], root);
  return {
    root,
    url: `http://127.0.0.1:${port}/`,
    pm2,
    read: async (path) => readFile(join(root, path), "utf8"),
    write,
    async setEnvironment(variables) {
      await writeEcosystem(variables);
      await pm2.command(["restart", "ecosystem.config.cjs", "--update-env"], root);
    },
    async commitCode(content) {
      await write("server/watcher.js", `${IDLE}// ${content}\n`);
      await commit(content);
    },
    pids,
    async environments(service) {
      const found = (await pids())[service] ?? [];
      return Promise.all(found.map(async (pid) => readFile(`/proc/${pid}/environ`, "utf8")));
    },
  };
}
