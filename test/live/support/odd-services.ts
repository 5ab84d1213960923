import { appendFile, mkdir, rename, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Lab } from "../../../lab/lab.ts";
import { openPm2Home, type Pm2Home } from "../../../lab/pm2-home.ts";
import { git } from "../../../lab/repository.ts";

/** Three applications that are unlike the example, beside one another under one pm2. */
export interface OddServices {
  readonly pm2: Pm2Home;
  /** A part of a larger repository: an API in pm2's cluster mode, and a service that is not Node. No lock file. */
  readonly shop: {
    readonly root: string;
    readonly url: string;
    /** The program of the service that is not Node, such as `python3`. */
    readonly interpreter: string;
    /** What the service that is not Node wrote at each of its starts: `<release> <pid>`. */
    readonly starts: string;
    /** The larger repository's HEAD. */
    head(): Promise<string>;
    deployBad(): Promise<void>;
  };
  /** No git, no metrics; `/page` is a page of HTML. Its bad release sends everybody elsewhere. */
  readonly till: { readonly root: string; readonly url: string; deployBad(): Promise<void> };
  /** Answers 429 to whoever asks more than 100 times in a span of time, and writes every request down: `<ms> <status>`. */
  readonly limited: {
    readonly root: string;
    readonly url: string;
    readonly requests: string;
    /** While this file is there, the service dies at its start. */
    readonly mishap: string;
  };
}

/** How long the limiter counts; a quarter of an hour would be usual. */
const LIMITER_MS = 26_000;
export const LIMIT = 100;

/** Nobody's configuration. */
const GIT = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Deployment",
  GIT_AUTHOR_EMAIL: "deployment@example.org",
  GIT_COMMITTER_NAME: "Deployment",
  GIT_COMMITTER_EMAIL: "deployment@example.org",
};

/** Each process counts for itself, and says which one it is. */
function shopApi(release: string, failEvery: number): string {
  return `
const http = require("node:http");
const worker = process.env.NODE_APP_INSTANCE;
const counts = { 200: 0, 500: 0 };
let asked = 0;
http.createServer((request, response) => {
  if (request.url === "/metrics") {
    const lines = Object.entries(counts).map(
      ([status, count]) => \`http_requests_total{status="\${status}",worker="\${worker}"} \${count}\`);
    response.end("# TYPE http_requests_total counter\\n" + lines.join("\\n") + "\\n");
  } else if (request.url === "/health") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ release: "${release}", worker }));
  } else {
    asked += 1;
    const status = asked % ${failEvery} === 0 ? 500 : 200;
    counts[status] += 1;
    response.writeHead(status).end();
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
`;
}

function pythonService(release: string): string {
  return `
import os, signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
with open(os.environ["STARTS"], "a") as starts:
    starts.write("${release} %d\\n" % os.getpid())
while True:
    time.sleep(1)
`;
}

function shellService(release: string): string {
  return `
trap 'exit 0' INT TERM
echo "${release} $$" >> "$STARTS"
while :; do sleep 1; done
`;
}

/** Reads where to send people at every request, so that its bad release is there without a moment of silence. */
const TILL = `
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
http.createServer((request, response) => {
  const { location } = JSON.parse(fs.readFileSync(path.join(__dirname, "routes.json"), "utf8"));
  if (location !== null) {
    response.writeHead(302, { location }).end();
  } else if (request.url === "/health") {
    response.end("open");
  } else if (request.url === "/page") {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html>\\n<html><body>Till 4</body></html>\\n");
  } else {
    response.writeHead(404).end("not here");
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

const LIMITED = `
const fs = require("node:fs");
const http = require("node:http");
if (fs.existsSync(process.env.MISHAP)) {
  process.exit(1);
}
let since = Date.now();
let count = 0;
http.createServer((request, response) => {
  const now = Date.now();
  if (now - since >= ${LIMITER_MS}) {
    since = now;
    count = 0;
  }
  count += 1;
  const status = count > ${LIMIT} ? 429 : 200;
  fs.appendFileSync(process.env.REQUESTS, \`\${now} \${status}\\n\`);
  if (status === 429) {
    response.setHeader("retry-after", Math.ceil((since + ${LIMITER_MS} - now) / 1000));
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ release: "limited-1" }));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

/** Writes the applications down and starts all their services. */
export async function startOddServices(lab: Lab): Promise<OddServices> {
  const pm2 = await openPm2Home(lab, join(lab.folder, "pm2"));
  const hasPython = await isInPath(pm2.env["PATH"] ?? "", "python3");
  const [shop, till, limited] = [
    await writeShop(lab, pm2, hasPython),
    await writeTill(lab),
    await writeLimited(lab),
  ];
  const apps = [...shop.apps, ...till.apps, ...limited.apps].map((app) => ({
    kill_timeout: 1500,
    ...app,
  }));
  await writeFile(join(lab.folder, "services.json"), JSON.stringify({ apps }));
  await pm2.command(["start", join(lab.folder, "services.json")], lab.folder);
  await pm2.command(["save"], lab.folder);
  return { pm2, shop, till, limited };
}

async function writeShop(lab: Lab, pm2: Pm2Home, hasPython: boolean) {
  const whole = join(lab.folder, "whole");
  const root = join(whole, "shop");
  const starts = join(lab.folder, "starts.log");
  const [interpreter, count] = hasPython ? ["python3", "count.py"] : ["sh", "count.sh"];
  const port = await lab.port();
  const env = { ...pm2.env, ...GIT };

  async function commit(release: string, failEvery: number): Promise<void> {
    await writeFile(join(root, "server", "api.js"), shopApi(release, failEvery));
    const service = hasPython ? pythonService(release) : shellService(release);
    await writeFile(join(root, "server", count), service);
    await git(whole, env, ["add", "--all"]);
    await git(whole, env, ["commit", "--quiet", "--message", release]);
  }

  await mkdir(join(root, "server"), { recursive: true });
  await mkdir(join(root, "native"), { recursive: true });
  // Whoever loads it gets an error: it is nothing that Node could load.
  await writeFile(join(root, "native", "thing.node"), "no module\n");
  await writeFile(join(whole, "README.md"), "Of everything that we have.\n");
  await git(whole, env, ["init", "--quiet", "--initial-branch=main"]);
  await commit("shop-good", 1_000_000);
  const common = { cwd: root, env: { PORT: String(port), STARTS: starts } };
  return {
    root,
    url: `http://127.0.0.1:${port}`,
    interpreter,
    starts,
    apps: [
      {
        name: "shop-api",
        script: "server/api.js",
        exec_mode: "cluster",
        instances: 2,
        ...common,
      },
      { name: "shop-count", script: `server/${count}`, interpreter, ...common },
    ],
    head: async () => git(whole, env, ["log", "-1", "--format=%s"]),
    deployBad: async () => {
      await commit("shop-bad", 2);
      await pm2.command(["restart", "shop-api", "shop-count"], root);
    },
  };
}

async function writeTill(lab: Lab) {
  const root = join(lab.folder, "till");
  const port = await lab.port();
  await mkdir(join(root, "app"), { recursive: true });
  await writeFile(join(root, "app", "till.js"), TILL);
  await writeFile(join(root, "app", "routes.json"), JSON.stringify({ location: null }));
  const env = { PORT: String(port) };
  return {
    root,
    url: `http://127.0.0.1:${port}`,
    apps: [{ name: "till", script: "app/till.js", cwd: root, env }],
    deployBad: async () => {
      const routes = { location: "/login?token=geheim-4711" };
      await writeFile(join(root, "app", "routes.json.new"), JSON.stringify(routes));
      await rename(join(root, "app", "routes.json.new"), join(root, "app", "routes.json"));
    },
  };
}

async function writeLimited(lab: Lab) {
  const root = join(lab.folder, "limited");
  const port = await lab.port();
  const [requests, mishap] = [join(lab.folder, "requests.log"), join(lab.folder, "mishap")];
  await mkdir(root);
  await writeFile(join(root, "limited.js"), LIMITED);
  await appendFile(requests, "");
  const env = { PORT: String(port), REQUESTS: requests, MISHAP: mishap };
  return {
    root,
    url: `http://127.0.0.1:${port}`,
    requests,
    mishap,
    apps: [{ name: "limited", script: "limited.js", cwd: root, restart_delay: 400, env }],
  };
}

async function isInPath(path: string, program: string): Promise<boolean> {
  const places = path.split(delimiter).map(async (folder) =>
    stat(join(folder, program)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(places)).includes(true);
}
