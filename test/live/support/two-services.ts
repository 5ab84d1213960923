import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Lab } from "../../../lab/lab.ts";
import { openPm2Home, type Pm2Home } from "../../../lab/pm2-home.ts";
import { git } from "../../../lab/repository.ts";
import type { Volume } from "../../../lab/volume.ts";

/** A service that was started: each writes this down at its boot, before anything else. */
const Start = z.object({ service: z.string(), release: z.string(), pid: z.number() });
export type Start = z.infer<typeof Start>;

/** A tree of files by their paths, for comparing. */
export type Tree = Readonly<Record<string, string>>;

/** A small application under a real pm2: an HTTP server that says its release, and a worker. */
export interface TwoServices {
  readonly root: string;
  readonly url: string;
  readonly pm2: Pm2Home;
  /** Commit of the release that works, and of the one that answers every question with 503. */
  readonly commits: { readonly good: string; readonly bad: string };
  /** Deploys the bad release as a person does: checkout, new `.env`, restart. Returns when it serves. */
  deployBad(): Promise<void>;
  /** Deploys the good release in the same way. */
  deployGood(): Promise<void>;
  /** The files that a release consists of, below `folder` (default the work tree). */
  files(folder?: string): Promise<Tree>;
  /** Every start since the beginning, oldest first. */
  starts(): Promise<readonly Start[]>;
  /** HEAD and what git finds to be different from it. */
  head(): Promise<{ readonly commit: string; readonly changes: string }>;
  /** The release id that is served. */
  served(): Promise<string | undefined>;
}

export const SERVICES = ["api", "worker"] as const;
export const GOOD = "release-good";
export const BAD = "release-bad";

const START_LIMIT_MS = 30_000;

/** Both services begin like this. */
const BOOT = `
const fs = require("node:fs");
const path = require("node:path");
const { id } = require("./release.json");
const text = fs.readFileSync(path.join(__dirname, "..", ".env"), "utf8");
const settings = Object.fromEntries(text.trim().split("\\n").map((line) => line.split("=")));
const service = path.basename(__filename, ".js");
fs.appendFileSync(settings.STARTS, JSON.stringify({ service, release: id, pid: process.pid }) + "\\n");
process.on("SIGINT", () => process.exit(0));
`;

const WORKER = `${BOOT}setInterval(() => undefined, 1000);\n`;

/** What the release needs of its settings is a matter of its code: the bad one asks for a variable that nobody sets. */
function apiCode(variable: string): string {
  return `${BOOT}
const http = require("node:http");
http.createServer((request, response) => {
  const status = settings.${variable} === undefined ? 503 : 200;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ release: id }));
}).listen(Number(settings.PORT), "127.0.0.1");
`;
}

const Served = z.object({ release: z.string() });

/** Sets the application up with its good release, in the lab's folder or on a volume, with files that both releases have, and returns when that is served. */
export async function startTwoServices(
  lab: Lab,
  { volume, files: more = {} }: { readonly volume?: Volume; readonly files?: Tree } = {},
): Promise<TwoServices> {
  const root = join(volume?.folder ?? lab.folder, "app");
  const port = await lab.port();
  const starts = join(lab.folder, "starts.log");
  const pm2 = await openPm2Home(lab, join(lab.folder, "pm2"));
  const env = { ...pm2.env, ...GIT };
  const settings = [`PORT=${port}`, `STARTS=${starts}`];
  await mkdir(join(root, "assets"), { recursive: true });
  await git(root, env, ["init", "--quiet", "--initial-branch=main"]);
  await writeFile(join(root, "assets", "page.html"), "<h1>the same in both releases</h1>\n");
  await writeFile(join(root, ".gitignore"), ".env\n");

  async function commit(id: string, variable: string, extra: Tree): Promise<string> {
    await rm(join(root, "server"), { recursive: true, force: true });
    await mkdir(join(root, "server", "lib"), { recursive: true });
    const contents: Tree = {
      "server/api.js": apiCode(variable),
      "server/worker.js": WORKER,
      "server/release.json": JSON.stringify({ id }),
      "server/lib/big.txt": `${id}\n`.repeat(20_000),
      "package-lock.json": JSON.stringify({ name: "two-services", version: id }),
      ...more,
      ...extra,
    };
    for (const [path, text] of Object.entries(contents)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await git(root, env, ["add", "--all"]);
    await git(root, env, ["commit", "--quiet", "--message", id]);
    return git(root, env, ["rev-parse", "HEAD"]);
  }

  async function served(): Promise<string | undefined> {
    const url = `http://127.0.0.1:${port}/`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1500) }).catch(() => undefined);
    return answer === undefined ? undefined : Served.parse(await answer.json()).release;
  }

  async function untilServed(id: string): Promise<void> {
    const limit = AbortSignal.timeout(START_LIMIT_MS);
    while ((await served()) !== id) {
      await sleep(20, undefined, { signal: limit });
    }
  }

  async function files(folder = root): Promise<Tree> {
    const names = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = names
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name).slice(folder.length + 1))
      .filter((path) => !/^(\.git|\.rollwatch|\.gitignore)(\/|$)/u.test(path));
    const texts = await Promise.all(
      paths.map(async (path) => [path, await readFile(join(folder, path), "utf8")] as const),
    );
    return Object.fromEntries(texts);
  }

  const good = await commit(GOOD, "PORT", {});
  const bad = await commit(BAD, "DATABASE", { "server/extra.js": "// only in the bad release\n" });
  await git(root, env, ["checkout", "--quiet", "--detach", good]);
  await writeFile(join(root, ".env"), `${settings.join("\n")}\n`, { mode: 0o600 });
  const apps = SERVICES.map((name) => ({ name, script: `server/${name}.js`, kill_timeout: 1000 }));
  await writeFile(
    join(lab.folder, "services.json"),
    JSON.stringify({ apps: apps.map((app) => ({ ...app, cwd: root })) }),
  );
  await pm2.command(["start", join(lab.folder, "services.json")], root);
  await pm2.command(["save"], root);
  await untilServed(GOOD);

  async function deploy(commitWanted: string, variables: readonly string[]): Promise<void> {
    await git(root, env, ["checkout", "--quiet", "--detach", "--force", commitWanted]);
    await writeFile(join(root, ".env"), `${variables.join("\n")}\n`, { mode: 0o600 });
    // A person's deployment was on the disk long before its release breaks.
    await volume?.sync();
    await pm2.command(["restart", ...SERVICES], root);
  }

  return {
    root,
    url: `http://127.0.0.1:${port}/`,
    pm2,
    commits: { good, bad },
    async deployBad() {
      await deploy(bad, [...settings, "COLOR=red"]);
      await untilServed(BAD);
    },
    async deployGood() {
      await deploy(good, settings);
      await untilServed(GOOD);
    },
    files,
    async starts() {
      const lines = (await readFile(starts, "utf8")).trim().split("\n");
      return lines.map((line) => Start.parse(JSON.parse(line)));
    },
    async head() {
      const commitNow = await git(root, env, ["rev-parse", "HEAD"]);
      return { commit: commitNow, changes: await git(root, env, ["status", "--porcelain"]) };
    },
    served,
  };
}

/** Nobody's configuration. */
const GIT = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Deployment",
  GIT_AUTHOR_EMAIL: "deployment@example.org",
  GIT_COMMITTER_NAME: "Deployment",
  GIT_COMMITTER_EMAIL: "deployment@example.org",
};
