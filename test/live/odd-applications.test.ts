import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Environment, labEnvironment, ROOT } from "../../lab/environment.ts";
import { openJournalReader } from "../../lab/journal-reader.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { type Condition, isOpened, isProven } from "../../lab/milestones.ts";
import { readOverSocket } from "../../lab/over-socket.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { send } from "../../lab/processes.ts";
import { DoctorReport } from "../../src/model/doctor.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import { Status } from "../../src/model/operations.ts";
import { ReleaseDetails } from "../../src/model/release-report.ts";
import { type DaemonLife, startProgram } from "./support/daemon-life.ts";
import { LIMIT, type OddServices, startOddServices } from "./support/odd-services.ts";

const LIMIT_MS = 60_000;
/** How long a customer waits for an answer. */
const PATIENCE_MS = 2000;

let lab: Lab;
let services: OddServices;
let environment: Environment;

beforeAll(async () => {
  lab = await openLab();
  services = await startOddServices(lab);
  environment = labEnvironment(lab.folder, {
    HOME: lab.folder,
    TMPDIR: lab.folder,
    PATH: services.pm2.env["PATH"] ?? "",
  });
});

afterAll(async () => {
  await lab.end();
});

/** A configuration of its own, and the daemon that runs with it. */
interface Watch {
  readonly file: string;
  readonly state: string;
  readonly url: string;
  configure(parts: Parts): Promise<void>;
  start(): Promise<DaemonLife>;
  stop(): Promise<void>;
  entries(): Promise<readonly Entry[]>;
  until(what: string, isSo: Condition): Promise<readonly Entry[]>;
  untilStatus(what: string, isSo: (status: Status) => boolean): Promise<Status>;
}

interface Parts {
  readonly application: Readonly<Record<string, unknown>>;
  readonly signals: readonly Readonly<Record<string, unknown>>[];
  readonly mode?: "auto" | "shadow";
}

async function openWatch(name: string, parts: Parts): Promise<Watch> {
  const file = join(lab.folder, `${name}.yaml`);
  const state = join(lab.folder, `${name}-state`);
  const listen = `127.0.0.1:${await lab.port()}`;
  let daemon: DaemonLife | undefined;

  async function configure({ application, signals, mode = "auto" }: Parts): Promise<void> {
    const config = {
      application: { name, pm2Home: services.pm2.folder, pm2Program: PM2_PROGRAM, ...application },
      signals,
      policy: { triggers: { "system-down": { mode }, "error-rate": { mode } } },
      release: { bake: "1s", warm: false },
      verify: { settle: "500ms", steady: "1s", timeout: "30s" },
      server: { listen },
      state,
    };
    await writeFile(file, stringify(config), { mode: 0o600 });
    await chmod(file, 0o600);
  }

  async function entries(): Promise<readonly Entry[]> {
    const reader = await openJournalReader(state);
    try {
      return reader?.entries() ?? [];
    } finally {
      reader?.close();
    }
  }

  async function untilSo<T>(what: string, look: () => Promise<T>, isSo: (seen: T) => boolean) {
    const end = performance.now() + LIMIT_MS;
    let seen = await look();
    while (!isSo(seen)) {
      if (performance.now() > end) {
        const last = JSON.stringify(seen).slice(-3000);
        throw new Error(`never seen: ${what}; last ${last}\n${daemon?.output() ?? ""}`);
      }
      await sleep(100);
      seen = await look();
    }
    return seen;
  }

  async function status(): Promise<Status> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    return Status.parse(JSON.parse(await readOverSocket(state, "/api/v1/status", limit)));
  }

  await configure(parts);
  return {
    file,
    state,
    url: `http://${listen}`,
    configure,
    entries,
    start: async () => {
      const life = startProgram(["run", "--config", file], environment);
      lab.onEnd(`daemon of ${name}`, async () => {
        life.send("SIGKILL");
        await life.ended;
      });
      await life.ready;
      daemon = life;
      return life;
    },
    stop: async () => {
      daemon?.send("SIGTERM");
      expect(await daemon?.ended).toEqual({ code: 0, signal: null });
    },
    until: async (what, isSo) => untilSo(what, entries, isSo),
    untilStatus: async (what, isSo) => untilSo(what, status, isSo),
  };
}

async function rollwatch(
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const main = join(ROOT, "src", "main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    cwd: ROOT,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code: Number(code), out, err };
}

/** The facts of a kind, oldest first. */
function factsOf<K extends Fact["kind"]>(
  all: readonly Entry[],
  kind: K,
): readonly Extract<Fact, { kind: K }>[] {
  return all.flatMap(({ fact }) => (isOfKind(fact, kind) ? [fact] : []));
}

function isOfKind<K extends Fact["kind"]>(fact: Fact, kind: K): fact is Extract<Fact, { kind: K }> {
  return fact.kind === kind;
}

function isEnded(all: readonly Entry[]): boolean {
  return factsOf(all, "recovery-ended").length > 0;
}

function http(url: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    name: "health",
    trigger: "system-down",
    probe: { kind: "http", url, interval: "200ms", timeout: "1s", ...more },
    breachAfter: 2,
    clearAfter: 2,
  };
}

const PM2_SIGNAL = {
  name: "services",
  trigger: "system-down",
  probe: { kind: "pm2", interval: "300ms", timeout: "1s" },
  breachAfter: 2,
  clearAfter: 2,
};
const MEMORY_SIGNAL = {
  name: "memory",
  trigger: "memory",
  probe: { kind: "memory", interval: "500ms", of: ["process"], processLimit: "1GiB" },
  limit: "95%",
};

function errorsIn(url: string, name: string) {
  return {
    name,
    trigger: "error-rate",
    probe: { kind: "scrape", url, measure: "errors", interval: "400ms", timeout: "1s" },
    limit: "5%",
    window: "2s",
    minSamples: 20,
    breachAfter: 2,
    clearAfter: 1,
  };
}

/** pm2 refuses a restart in the very moment in which it starts a crashed process again itself: then it is asked again. */
async function restart(service: string): Promise<void> {
  for (let left = 20; ; left -= 1) {
    try {
      await services.pm2.command(["restart", service], lab.folder);
      return;
    } catch (error) {
      if (left === 0 || !String(error).includes("already exists")) {
        throw error;
      }
    }
  }
}

/** How many requests the limiter answered, and how many it refused. */
async function requests(): Promise<{ readonly answered: number; readonly refused: number }> {
  const lines = (await readFile(services.limited.requests, "utf8")).trim().split("\n");
  const refused = lines.filter((line) => line.endsWith(" 429")).length;
  return { answered: lines.length - refused, refused };
}

function stateOf(status: Status, name: string): string | undefined {
  return status.signals.find((one) => one.name === name)?.state;
}

function tillHealth(): Parts["signals"][number] {
  return http(`${services.till.url}/health`);
}

function tillParts(signals: Parts["signals"]): Parts {
  const { root } = services.till;
  const source = { source: "directory", artifacts: ["app"], services: [{ name: "till" }] };
  return { application: { root, ...source }, signals };
}

/** What the service that is not Node wrote at its starts. */
async function startsOfCount(): Promise<readonly string[]> {
  return (await readFile(services.shop.starts, "utf8")).trim().split("\n");
}

describe("an application without metrics and without git, whose bad release redirects", () => {
  let watch: Watch;
  let daemon: DaemonLife;
  let refused: string;

  beforeAll(async () => {
    const { url } = services.till;
    refused = `http://127.0.0.1:${await lab.port()}/metrics`;
    const scrapes = [
      errorsIn(`${url}/metrics`, "no-page"),
      errorsIn(`${url}/page`, "html"),
      errorsIn(refused, "refused"),
    ];
    watch = await openWatch("till", tillParts([tillHealth(), PM2_SIGNAL, ...scrapes]));
    daemon = await watch.start();
  });

  it("has a signal of each missing page that is blind, and says what to do about it", async () => {
    const { signals, verdict } = await watch.untilStatus("three blind signals", (status) =>
      ["no-page", "html", "refused"].every((name) =>
        status.signals.some((one) => one.name === name && one.state === "probe-error"),
      ),
    );

    const reasons = Object.fromEntries(signals.map((one) => [one.name, one.reason]));
    expect(reasons["no-page"]).toContain("no metrics: it answered 404; correct its url, or remove");
    expect(reasons["html"]).toMatch(/no metrics: .*doctype.*; correct its url, or remove/u);
    expect(reasons["refused"]).toContain("no metrics: the connection was refused");
    expect(verdict?.kind).toBe("healthy");
  });

  it("is not proven meanwhile, which is said once in the log, in the status and by the doctor", async () => {
    const before = (await watch.untilStatus("a status", () => true)).uptimeMs;
    await watch.untilStatus("three bake times", ({ uptimeMs }) => uptimeMs > before + 3000);

    const [status, doctor] = await Promise.all([
      rollwatch(["status", "--config", watch.file]),
      rollwatch(["doctor", "--config", watch.file, "--json"]),
    ]);

    const told = daemon.output().match(/no release is proven while a signal is blind/gu);
    expect(told).toHaveLength(3);
    expect(status.out).toContain("no release is proven while no-page, html, refused cannot be");
    const { lines } = DoctorReport.parse(JSON.parse(doctor.out));
    for (const name of ["no-page", "html", "refused"]) {
      const line = lines.find(({ check }) => check === `signal ${name}`);
      expect(line).toMatchObject({
        state: "warning",
        cure: expect.stringContaining("no release is proven meanwhile"),
      });
    }
    const all = await watch.entries();
    expect(factsOf(all, "release-proven")).toEqual([]);
    expect(isOpened(all)).toBe(false);
  });

  it("is proven by its content once the signals are gone", async () => {
    await watch.stop();
    await watch.configure(tillParts([tillHealth(), PM2_SIGNAL]));

    await watch.start();
    const all = await watch.until("a proven release", isProven());

    expect(factsOf(all, "release-captured").at(-1)).toMatchObject({
      tag: null,
      identity: { lockfile: null, content: expect.stringMatching(/^[0-9a-f]{64}$/u) },
    });
  });

  it("is rolled back by content, and the address that it leads to is told without its query", async () => {
    await services.till.deployBad();

    const all = await watch.until("the end of the rollback", isEnded);

    expect(factsOf(all, "recovery-ended")).toMatchObject([{ result: "completed" }]);
    expect(factsOf(all, "incident-opened")).toMatchObject([{ trigger: "system-down" }]);
    const told = JSON.stringify(all);
    expect(told).toContain("it redirects to /login (302)");
    expect(told).not.toContain("geheim");
    expect(daemon.output()).not.toContain("geheim");
    expect(await (await fetch(`${services.till.url}/health`)).text()).toBe("open");
    await watch.stop();
  });
});

describe("an application in a part of a repository, in cluster mode, with a service that is not Node", () => {
  let watch: Watch;
  const customers = new AbortController();
  let asking: Promise<void> = Promise.resolve();

  /**
   * Customers, as many as a window needs, and not endlessly patient: in cluster mode pm2's daemon accepts the connections, and
   * one that it accepts for a worker that is just being replaced stays with it for ever, open and unanswered.
   */
  async function ask(): Promise<void> {
    while (!customers.signal.aborted) {
      const signal = AbortSignal.any([customers.signal, AbortSignal.timeout(PATIENCE_MS)]);
      await Promise.all(
        [1, 2, 3].map(async () =>
          fetch(`${services.shop.url}/goods`, { signal }).catch(() => undefined),
        ),
      );
      await sleep(50);
    }
  }

  beforeAll(async () => {
    const { root, url } = services.shop;
    watch = await openWatch("shop", {
      application: {
        root,
        services: [
          { name: "shop-api", boot: "1s" },
          { name: "shop-count", boot: "1s" },
        ],
        artifacts: ["server"],
        releaseIdFrom: { url: `${url}/health`, json: "release" },
      },
      signals: [
        http(`${url}/health`),
        // As long as with the usual interval: a deployment that restarts three processes one by one is no fault.
        { ...PM2_SIGNAL, breachAfter: 20 },
        MEMORY_SIGNAL,
        errorsIn(`${url}/metrics`, "errors"),
      ],
    });
    asking = ask();
    await watch.start();
  });

  afterAll(async () => {
    customers.abort();
    await asking;
  });

  it("is proven with both workers' counters, without a lock file, and with the memory of every service", async () => {
    const all = await watch.until("a proven release", isProven());

    const { signals } = await watch.untilStatus("judged counters", (status) =>
      status.signals.some((one) => one.name === "errors" && one.state === "ok"),
    );
    expect(signals.find((one) => one.name === "errors")?.reason).toMatch(/^0 of \d+ requests/u);
    expect(signals.find((one) => one.name === "memory")?.state).toBe("ok");
    expect(factsOf(all, "release-captured")[0]).toMatchObject({
      identity: { lockfile: null, served: "shop-good" },
    });
    expect(factsOf(all, "release-proven")[0]?.baseline?.memory).toEqual({
      kind: "known",
      services: ["shop-api", "shop-count"].map((name) => ({ name, rssBytes: expect.any(Number) })),
    });
  });

  it("is rolled back whole when half of its requests fail: every worker, and the other service", async () => {
    const before = await startsOfCount();
    await services.shop.deployBad();

    const all = await watch.until("the end of the rollback", isEnded);

    expect(factsOf(all, "incident-opened")).toMatchObject([
      { trigger: "error-rate", signals: ["errors"] },
    ]);
    expect(factsOf(all, "recovery-ended")).toMatchObject([{ result: "completed" }]);
    const releases = (await startsOfCount()).map((line) => line.split(" ")[0]);
    expect(releases.slice(before.length)).toEqual(["shop-bad", "shop-good"]);
    const processes = await services.pm2.list();
    const ours = processes.filter(({ name }) => name.startsWith("shop-"));
    expect(ours.map(({ name, pm2_env }) => `${name} ${pm2_env.status}`).toSorted()).toEqual([
      "shop-api online",
      "shop-api online",
      "shop-count online",
    ]);
    const pid = ours.find(({ name }) => name === "shop-count")?.pid;
    expect((await startsOfCount()).at(-1)).toBe(`shop-good ${pid}`);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => (await fetch(`${services.shop.url}/health`)).json()),
    );
    expect(new Set(answers.map((one) => JSON.stringify(one)))).toEqual(
      new Set(["0", "1"].map((worker) => JSON.stringify({ release: "shop-good", worker }))),
    );
  });

  it("leaves the HEAD of the larger repository where the deployment put it", async () => {
    expect(await services.shop.head()).toBe("shop-bad");
    await watch.stop();
  });

  it("is captured without asking Node, where no service is Node's", async () => {
    const count = await openWatch("count", {
      application: {
        root: services.shop.root,
        source: "directory",
        services: [{ name: "shop-count" }],
        artifacts: ["server", "native"],
      },
      signals: [PM2_SIGNAL],
    });

    const captured = await rollwatch(["release", "capture", "--config", count.file, "--json"]);
    expect([captured.code, captured.err]).toEqual([0, ""]);
    const { release } = JSON.parse(captured.out);
    const shown = await rollwatch(["release", "show", release, "--config", count.file, "--json"]);

    const details = ReleaseDetails.parse(JSON.parse(shown.out));
    expect(details).toMatchObject({
      interpreter: "none",
      interpreterPath: null,
      nativeModules: [{ path: "native/thing.node", loads: false }],
      problems: [],
      services: ["shop-count"],
    });
  });
});

describe("an application that limits its watcher", () => {
  let watch: Watch;

  beforeAll(async () => {
    const { root, url } = services.limited;
    const latency = { measure: "latency", interval: "100ms", timeout: "90ms" };
    watch = await openWatch("limited", {
      mode: "shadow",
      application: {
        root,
        source: "directory",
        services: [{ name: "limited" }],
        artifacts: ["limited.js"],
        releaseIdFrom: { url: `${url}/health`, json: "release" },
      },
      signals: [
        http(`${url}/health`, { interval: "50ms", timeout: "500ms" }),
        {
          ...http(`${url}/`, latency),
          name: "response-time",
          trigger: "slow-responses",
          limit: "80ms",
          window: "1s",
          minSamples: 4,
        },
        PM2_SIGNAL,
        MEMORY_SIGNAL,
      ],
    });
    await watch.start();
  });

  it("is asked no more once it said so, judged by pm2 and memory meanwhile, and never held guilty", async () => {
    const status = await watch.untilStatus("both probes throttled", (one) =>
      ["health", "response-time"].every((name) => stateOf(one, name) === "probe-error"),
    );
    const { uptimeMs } = status;
    const later = await watch.untilStatus(
      "two looks at the release id",
      (one) => one.uptimeMs > uptimeMs + 10_500,
    );

    const health = later.signals.find((one) => one.name === "health");
    expect(health?.reason).toMatch(/it asked us to slow down \(429\), and is asked again at/u);
    expect([stateOf(later, "services"), stateOf(later, "memory")]).toEqual(["ok", "ok"]);
    // Each of the two probes and the look at the release id found out for itself.
    const { answered, refused } = await requests();
    expect(answered).toBe(LIMIT);
    expect(refused).toBeLessThanOrEqual(3);
    expect(isOpened(await watch.entries())).toBe(false);
  });

  it("is still seen to crash, by pm2", async () => {
    await writeFile(services.limited.mishap, "");
    const processes = await services.pm2.list();
    const pid = processes.find(({ name }) => name === "limited")?.pid;
    send(pid ?? 0, "SIGKILL");

    const all = await watch.until("an incident", isOpened);

    expect(factsOf(all, "incident-opened")).toMatchObject([
      { trigger: "system-down", signals: ["services"] },
    ]);
  });

  it("is judged again when the time is over that it asked for", async () => {
    await rm(services.limited.mishap);
    await restart("limited");

    await watch.untilStatus("all well again", (status) =>
      ["health", "services", "memory"].every((name) => stateOf(status, name) === "ok"),
    );

    const opened = factsOf(await watch.entries(), "incident-opened");
    // A crash that outlasts the throttling is slow, too; nothing but the crash was ever held against it.
    expect(new Set(opened.map(({ trigger }) => trigger))).toEqual(new Set(["system-down"]));
    await watch.stop();
  });

  it("ends without leaving a process, a port or a folder", async () => {
    expect(await lab.end()).toEqual([]);
  });
});
