import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { run } from "../../lab/command.ts";
import { labEnvironment, ROOT } from "../../lab/environment.ts";
import { openJournalReader } from "../../lab/journal-reader.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { type Condition, isProven } from "../../lab/milestones.ts";
import { openPm2Home, PM2_PROGRAM, type Pm2Home } from "../../lab/pm2-home.ts";
import { type Program, startProgram } from "../../lab/program.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { layCable, type TwoNetworks } from "./support/two-networks.ts";

const LIMIT_MS = 60_000;
/** Longer than a decision takes, and the next one after it. */
const WATCH_MS = 10_000;
const PORTS = { api: 3000, stock: 3001 };
const GIT = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Deployment",
  GIT_AUTHOR_EMAIL: "deployment@example.org",
  GIT_COMMITTER_NAME: "Deployment",
  GIT_COMMITTER_EMAIL: "deployment@example.org",
};

let lab: Lab;
let cable: TwoNetworks;
let pm2: Pm2Home;
let root: string;
let state: string;
let daemon: Program;

/** The application and what it depends on lie at the far end of a cable, its pm2 within reach of rollwatch's at the near end. */
beforeAll(async () => {
  lab = await openLab();
  cable = await layCable(lab);
  root = path.join(lab.folder, "application");
  state = path.join(lab.folder, "state");
  await mkdir(root);
  await mkdir(state, { mode: 0o700 });
  pm2 = await openPm2Home(lab, path.join(lab.folder, "pm2"), {
    ADDRESS: cable.far.address,
    PORT: String(PORTS.api),
  });
  await git(["init", "--quiet", "--initial-branch=main"]);
  await commit("first", 200);
  await farAway([process.execPath, PM2_PROGRAM, "start", "api.js", "--name", "api"]);
  await serveStock();
  daemon = await watch();
  await untilSo("rollwatch watches", async () => isThere(path.join(state, "rollwatch.sock")));
  await until("the first release is proven", isProven());
});

afterAll(async () => {
  await lab.end();
});

async function head(): Promise<string> {
  return (await git(["rev-parse", "HEAD"])).trim();
}

async function git(args: readonly string[]): Promise<string> {
  return run("git", args, { cwd: root, env: { ...pm2.env, ...GIT } });
}

async function commit(release: string, status: number): Promise<void> {
  const answer = `response.writeHead(${status}).end("${release}")`;
  const server = `require("node:http").createServer((_request, response) => ${answer})`;
  await writeFile(
    path.join(root, "api.js"),
    `${server}.listen(Number(process.env.PORT), process.env.ADDRESS);\n`,
  );
  await git(["add", "--all"]);
  await git(["commit", "--quiet", "--message", release]);
}

async function deploy(release: string, status: number): Promise<void> {
  const before = countOf(await entries(), "change-seen");
  await commit(release, status);
  await pm2.command(["restart", "api"], root);
  await until("the deployment is seen", (all) => countOf(all, "change-seen") > before);
}

/** pm2's daemon, and with it the services, come to life where its first command is given. */
async function farAway(command: readonly string[]): Promise<void> {
  const [program, ...args] = [...cable.far.enter, ...command];
  await run(program, args, { cwd: root, env: pm2.env });
}

async function serveStock(): Promise<void> {
  const server = `require("node:http").createServer((_request, response) => response.end("12"))`;
  const script = `${server}.listen(${PORTS.stock}, "${cable.far.address}")`;
  const [program, ...args] = [...cable.far.enter, process.execPath, "-e", script];
  await startProgram(lab, { name: "stock", program, args, folder: lab.folder });
}

async function watch(): Promise<Program> {
  const file = path.join(lab.folder, "rollwatch.yaml");
  const api = `http://${cable.far.address}:${PORTS.api}/`;
  const often = { interval: "500ms", timeout: "400ms" };
  const configuration = {
    application: {
      name: "shop",
      root,
      pm2Home: pm2.folder,
      pm2Program: PM2_PROGRAM,
      artifacts: ["api.js"],
      services: [{ name: "api", boot: "1s" }],
      upstreams: [{ name: "stock", url: `http://${cable.far.address}:${PORTS.stock}/` }],
    },
    signals: [
      { name: "api-health", trigger: "system-down", probe: { kind: "http", url: api, ...often } },
      { name: "services", trigger: "system-down", probe: { kind: "pm2", interval: "500ms" } },
    ],
    policy: { triggers: { "system-down": { mode: "auto" } } },
    release: { bake: "1s", warm: false },
    verify: { settle: "500ms", steady: "1s", timeout: "30s" },
    server: { listen: "127.0.0.1:0" },
    state,
  };
  await writeFile(file, stringify(configuration));
  await chmod(file, 0o600);
  const main = path.join(ROOT, "src", "main.ts");
  const tsx = path.join(ROOT, "node_modules", "tsx", "dist", "loader.mjs");
  const command = [process.execPath, "--import", tsx, main, "run", "--config", file];
  const [program, ...args] = [...cable.near.enter, ...command];
  const env = labEnvironment(lab.folder, { TSX_DISABLE_CACHE: "1" });
  return startProgram(lab, { name: "rollwatch", program, args, folder: lab.folder, env });
}

async function entries(): Promise<readonly Entry[]> {
  const reader = await openJournalReader(state);
  try {
    return reader?.entries() ?? [];
  } finally {
    reader?.close();
  }
}

async function until(what: string, isSo: Condition): Promise<readonly Entry[]> {
  await untilSo(what, async () => isSo(await entries()));
  return entries();
}

async function untilSo(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > end) {
      throw new Error(`never seen: ${what}\n${await daemon.log()}`);
    }
    await sleep(100);
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function countOf(all: readonly Entry[], kind: Fact["kind"]): number {
  return all.filter(({ fact }) => fact.kind === kind).length;
}

/** The facts of a kind, oldest first. */
function factsOf<K extends Fact["kind"]>(all: readonly Entry[], kind: K) {
  return all.flatMap(({ fact }) => (isOfKind(fact, kind) ? [fact] : []));
}

function isOfKind<K extends Fact["kind"]>(fact: Fact, kind: K): fact is Extract<Fact, { kind: K }> {
  return fact.kind === kind;
}

describe("when the network is cut", () => {
  it("accuses what lies beyond it and not the release just deployed: somebody is paged, nothing is rolled back or restarted", async () => {
    await deploy("second", 200);

    await cable.far.link("down");
    await until("a decision", (all) => countOf(all, "decided") > 0);
    await sleep(WATCH_MS);
    const all = await entries();

    expect(factsOf(all, "incident-opened")).toMatchObject([
      { trigger: "system-down", mode: "auto", signals: ["api-health"] },
    ]);
    expect(factsOf(all, "judged").at(-1)).toMatchObject({ cause: "upstream" });
    expect(factsOf(all, "decided").map((one) => one.decision.kind)).not.toContain("roll-back");
    expect(countOf(all, "recovery-started")).toBe(0);
    const pages = factsOf(all, "notice-queued").filter((one) => one.notice.urgency === "page");
    expect(pages.map((one) => JSON.stringify(one.notice)).join("\n")).toContain("stock");
  });

  it("ends the incident by itself when the network is back", async () => {
    await cable.far.link("up");
    const all = await until("the end of it", (one) => countOf(one, "closed") > 0);

    expect(factsOf(all, "closed")).toHaveLength(1);
    expect(countOf(all, "recovery-started")).toBe(0);
  });

  it("judges nothing while its own end has no way out", async () => {
    const before = countOf(await entries(), "incident-opened");

    await cable.near.link("down");
    await sleep(WATCH_MS);
    const meanwhile = countOf(await entries(), "incident-opened");
    await cable.near.link("up");

    expect(meanwhile).toBe(before);
  });

  it("rolls back a bad release over the same network, so that the above means something", async () => {
    await until("the second release is proven", isProven(await head()));
    await deploy("third", 500);
    const all = await until("the end of a recovery", (one) => countOf(one, "recovery-ended") > 0);

    expect(factsOf(all, "recovery-ended")).toMatchObject([{ result: "completed" }]);
  });
});

describe("when it is over", () => {
  it("leaves nothing behind", async () => {
    expect(await lab.end()).toEqual([]);
  });
});
