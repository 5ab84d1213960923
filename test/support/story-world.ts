import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { World } from "../../src/app/world.ts";
import { openFiles } from "../../src/system/files.ts";
import type { Answer, Http } from "../../src/system/http.ts";
import { openIds } from "../../src/system/ids.ts";
import { openInbox } from "../../src/system/inbox.ts";
import { openLogs } from "../../src/system/logs.ts";
import { rememberAudits } from "../../src/system/npm-audit.ts";
import { openMetricsFolders } from "../../src/system/metrics-folder.ts";
import type { Processes } from "../../src/system/process.ts";
import { type FakeAudits, fakeAudits } from "./fakes/audits.ts";
import { fakeCertificates } from "./fakes/certificates.ts";
import { createManualClock, type ManualClock } from "./fakes/clock.ts";
import { type FakeDatabase, fakeDatabase } from "./fakes/database.ts";
import { type FakeEventLoop, fakeEventLoop } from "./fakes/event-loop.ts";
import { type FakeGit, fakeGit } from "./fakes/git.ts";
import { anAnswer } from "./fakes/http.ts";
import { type FakeMemory, fakeMemory } from "./fakes/memory.ts";
import { type FakePm2, fakePm2 } from "./fakes/pm2.ts";
import { type FakePm2Events, fakePm2Events } from "./fakes/pm2-events.ts";
import { fakeHostNames } from "./fakes/host-names.ts";
import { fakeProcesses } from "./fakes/processes.ts";
import { type FakeStatements, fakeStatements } from "./fakes/statements.ts";
import { fakeResolver } from "./fakes/resolver.ts";
import { fakeTcp } from "./fakes/tcp.ts";
import { type FakeWebsocket, fakeWebsocket } from "./fakes/websocket.ts";
import { track } from "./outside-work.ts";

export const SERVICES = ["api", "importer", "cleaner"] as const;
const ORIGIN = "http://127.0.0.1:1";
export const HEALTH = `${ORIGIN}/health`;
/** A page of which rollwatch does not know what answers it. */
export const PAGE = "http://127.0.0.1:2/page";
/** The application's own counters, which stand still: nobody uses it. */
export const METRICS = "http://127.0.0.1:3/metrics";

/** What the application asks itself, where a story configures it. */
export const UPSTREAM = "http://127.0.0.1:4/health";

/** What everything around the application does to it, whatever release is installed. */
type Surroundings =
  | "fine"
  | "make it answer 500"
  /** Until the next restart. */
  | "jam its process"
  | "throttle rollwatch"
  | "hide its release id"
  | "take the page down"
  /** It answers 500 as long as what it asks itself is down. */
  | "take its upstream down";

/** What a release does once its processes run. */
export type Conduct = "works" | "answers 500" | "crashes";

/** The world of a story: an application of real files, everything else in memory, time in the test's hand. */
export interface StoryWorld {
  readonly ports: World;
  readonly clock: ManualClock;
  readonly pm2: FakePm2;
  readonly pm2Events: FakePm2Events;
  readonly git: FakeGit;
  readonly database: FakeDatabase;
  readonly statements: FakeStatements;
  readonly eventLoop: FakeEventLoop;
  readonly websocket: FakeWebsocket;
  readonly memory: FakeMemory;
  readonly audits: FakeAudits;
  /** Installs a release with its commit, as `git pull` and `pm2 restart` do. */
  install(release: string, conduct: Conduct): Promise<void>;
  setSurroundings(next: Surroundings): void;
  /** Where the kernel says that every process works. */
  setProcessesIn(folder: string): void;
  /** From now on every copy of a tree takes this long. */
  setCopyTime(ms: number): void;
  /** From now on every copy of a tree fails like this. */
  failCopies(error: Error): void;
  /** A person's `pm2 stop`. */
  stop(...services: readonly string[]): void;
  /** A person's `pm2 restart` of everything. */
  restart(): void;
  write(path: string, content: string): Promise<void>;
  /** A file of the application; undefined when it is absent. */
  read(path: string): Promise<string | undefined>;
}

/** The commit of a release of the story. */
export function commitOf(release: string): string {
  return createHash("sha1").update(release).digest("hex");
}

/** An application of three services in `root`, without any release yet. */
export function openStoryWorld(root: string): StoryWorld {
  const files = track(openFiles());
  const logs = track(openLogs());
  const clock = createManualClock(
    undefined,
    async () => (await files.quiet()) || (await logs.quiet()),
  );
  const pm2 = fakePm2(() => clock.now());
  const pm2Events = fakePm2Events();
  const git = fakeGit();
  const database = fakeDatabase();
  const statements = fakeStatements();
  const eventLoop = fakeEventLoop();
  const websocket = fakeWebsocket();
  const memory = fakeMemory();
  const audits = fakeAudits();
  const options = { pm_cwd: root, exec_interpreter: "node", autorestart: true };
  let surroundings: Surroundings = "fine";
  let jammed: string | undefined;
  let copyMs = 0;
  let copyError: Error | undefined;
  let workingIn = root;

  for (const name of SERVICES) {
    pm2.add(name, { options, env: { PATH: "/usr/bin", NAME: name } });
  }

  async function read(path: string): Promise<string | undefined> {
    return files.port.readText(join(root, path));
  }

  async function write(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }

  async function answer(): Promise<Answer> {
    const { pid, uniqueId } = await theApi(pm2);
    if (pid === 0) {
      const phases = { connectMs: 0, firstByteMs: 0, totalMs: 1 };
      return { kind: "failed", reason: "refused", detail: "ECONNREFUSED", phases };
    }
    if (surroundings === "throttle rollwatch") {
      return anAnswer({ status: 429 });
    }
    if (surroundings === "hide its release id") {
      return anAnswer({ body: "starting" });
    }
    if (surroundings === "jam its process") {
      jammed ??= uniqueId;
    }
    const isSick =
      surroundings === "make it answer 500" ||
      surroundings === "take its upstream down" ||
      uniqueId === jammed ||
      (await read("server/main.js")) !== "works";
    const body = JSON.stringify({ build: { release: await read("server/release") } });
    return anAnswer({ status: isSick ? 500 : 200, body });
  }

  const http: Http = {
    ask: async ({ url }, signal) => {
      signal.throwIfAborted();
      if (url.startsWith(`${ORIGIN}/`)) {
        return answer();
      }
      if (url === METRICS) {
        return anAnswer({ body: 'http_requests_total{status="200"} 5\n' });
      }
      if (url === UPSTREAM && surroundings === "take its upstream down") {
        const phases = { totalMs: 1 };
        return { kind: "failed", reason: "refused", detail: "ECONNREFUSED", phases };
      }
      const isDown = url === PAGE && surroundings === "take the page down";
      return anAnswer({ body: "/", status: isDown ? 502 : 200 });
    },
  };

  return {
    ports: {
      clock,
      pm2,
      pm2Events,
      metricsFolders: openMetricsFolders(clock),
      hostNames: fakeHostNames(),
      git,
      database,
      statements,
      amcheck: { check: async () => ({ kind: "sound" }) },
      eventLoop,
      http,
      websocket,
      memory,
      logs: logs.port,
      files: {
        ...files.port,
        copy: async (from, to, signal) => {
          if (copyMs > 0) {
            await clock.sleep(copyMs, signal);
          }
          if (copyError !== undefined) {
            throw copyError;
          }
          return files.port.copy(from, to, signal);
        },
      },
      ids: openIds(),
      inbox: openInbox(join(dirname(root), "state", "inbox.json"), { clock, files: files.port }),
      processes: processesIn(() => workingIn),
      childEnvironment: { PATH: "/usr/bin" },
      audits: rememberAudits(audits),
      tcp: fakeTcp(),
      certificates: fakeCertificates(),
      resolver: fakeResolver(),
    },
    clock,
    pm2,
    pm2Events,
    git,
    database,
    statements,
    eventLoop,
    websocket,
    memory,
    audits,
    read,
    write,
    install: async (release, conduct) => {
      await write("server/main.js", conduct);
      await write("server/release", release);
      await write("package-lock.json", `lock of ${release}`);
      git.commit(commitOf(release));
      restartAll(pm2, clock.now());
      if (conduct === "crashes") {
        pm2.change("api", { status: "waiting-restart", pid: 0 });
      }
    },
    setSurroundings: (next) => {
      surroundings = next;
      jammed = undefined;
    },
    setProcessesIn: (folder) => {
      workingIn = folder;
    },
    setCopyTime: (ms) => {
      copyMs = ms;
    },
    failCopies: (error) => {
      copyError = error;
    },
    stop: (...services) => {
      for (const name of services) {
        pm2.change(name, { status: "stopped", pid: 0 });
      }
    },
    restart: () => restartAll(pm2, clock.now()),
  };
}

/** A dead pm2 took its services along; a hung one leaves them running. */
async function theApi(pm2: FakePm2): Promise<{ readonly pid: number; readonly uniqueId: string }> {
  const daemon = await pm2.daemon(new AbortController().signal);
  if (daemon.kind !== "alive") {
    return { pid: daemon.kind === "dead" ? 0 : 1, uniqueId: "hidden" };
  }
  const [api] = await pm2.services(["api"], new AbortController().signal);
  const [instance] = api?.instances ?? [];
  return { pid: instance?.pid ?? 0, uniqueId: instance?.uniqueId ?? "none" };
}

/** A new process of each service, as `pm2 restart` makes it. */
function restartAll(pm2: FakePm2, now: number): void {
  for (const [place, name] of SERVICES.entries()) {
    const facts = { status: "online", pid: 500 + place, startedAt: now } as const;
    pm2.change(name, { ...facts, uniqueId: `${name} of ${now}` });
  }
}

function processesIn(folder: () => string): Processes {
  const processes = fakeProcesses();
  processes.answer("node --version", { stdout: "v20.20.2\n" });
  return { ...processes, look: async () => ({ cwd: folder() }) };
}
