import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ApplicationSettings } from "../../src/model/application.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Release } from "../../src/model/release.ts";
import type { PlanInput } from "../../src/recover/plan-input.ts";
import { makePlan } from "../../src/recover/plan.ts";
import type { RecoveryPorts } from "../../src/recover/ports.ts";
import { captureRelease } from "../../src/release/capture.ts";
import { openCatalogue } from "../../src/release/catalogue.ts";
import { observeIdentity } from "../../src/release/ledger.ts";
import { measureCurrent } from "../../src/release/measure.ts";
import type { Clock } from "../../src/system/clock.ts";
import { openFiles } from "../../src/system/files.ts";
import type { Http } from "../../src/system/http.ts";
import type { Processes } from "../../src/system/process.ts";
import { BAD_COMMIT, GOOD_COMMIT } from "./builders.ts";
import { createManualClock, type ManualClock } from "./fakes/clock.ts";
import { type FakeGit, fakeGit } from "./fakes/git.ts";
import { type FakePm2, fakePm2 } from "./fakes/pm2.ts";
import { fakeProcesses } from "./fakes/processes.ts";

export const LIVE = new AbortController().signal;
export const SERVICES = ["api", "importer", "cleaner"] as const;

/** A watched application: real files in a temporary folder, a fake pm2 and a fake repository. */
export interface Patient {
  readonly root: string;
  readonly state: string;
  readonly application: ApplicationSettings;
  readonly clock: ManualClock;
  readonly pm2: FakePm2;
  readonly git: FakeGit;
  readonly ports: RecoveryPorts;
  /** Writes a file of the application. */
  write(path: string, content: string): Promise<void>;
  /** A file of the application; undefined when it is absent. */
  read(path: string): Promise<string | undefined>;
  identity(): Promise<Identity>;
  /** Captures what is deployed now. */
  capture(id: string): Promise<Release>;
  /** Installs the bad release over the good one and lets all services restart on it. */
  deployBad(): Promise<void>;
  /** A plan back to `target` from what is there now. */
  plan(target: Release, over?: Partial<PlanInput>): Promise<Plan>;
}

/** An application of three services on its good release, in `folder`. */
export async function aPatient(folder: string): Promise<Patient> {
  const root = join(folder, "app");
  const state = join(folder, "state");
  const clock = createManualClock();
  const files = openFiles();
  const git = fakeGit();
  const pm2 = fakePm2(() => clock.now());
  const application = settings(root);
  const ports: RecoveryPorts = {
    application,
    catalogue: openCatalogue(files, state),
    clock: hasty(clock),
    files,
    git,
    http: servedFrom(root, pm2),
    pm2,
    processes: processesIn(root, pm2),
  };

  async function write(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }

  await mkdir(state, { recursive: true });
  await write("server/main.js", "good");
  await write("server/release", "good-1");
  await write("server/config/monitoring.config.js", "limits: good");
  await write("web/index.html", "page");
  await write("package-lock.json", "lock good");
  await write(".env", "PORT=1");
  git.commit(BAD_COMMIT);
  git.commit(GOOD_COMMIT);
  for (const name of SERVICES) {
    pm2.add(name, {
      options: { pm_cwd: root, exec_interpreter: "node", autorestart: true },
      env: { PATH: "/usr/bin", NAME: name },
    });
  }

  async function identity(): Promise<Identity> {
    return observeIdentity(ports, application, LIVE);
  }

  return {
    root,
    state,
    application,
    clock,
    pm2,
    git,
    ports,
    write,
    identity,
    read: async (path) => files.readText(join(root, path)),
    capture: async (id) =>
      captureRelease(
        ports,
        { application, stateFolder: state, id, now: clock.now(), identity: await identity() },
        LIVE,
      ),
    deployBad: async () => {
      await clock.advance(60_000);
      await write("server/main.js", "bad");
      await write("server/release", "bad-1");
      await write("server/extra.js", "only in the bad release");
      await write("package-lock.json", "lock bad");
      await write(".env", "PORT=2");
      git.commit(BAD_COMMIT);
      for (const name of SERVICES) {
        pm2.change(name, { startedAt: clock.now(), status: "waiting-restart", pid: 0 });
      }
    },
    plan: async (target, over = {}) =>
      makePlan({
        id: "plan-1",
        incident: "inc-1",
        requestedBy: "policy",
        now: clock.now(),
        deadline: clock.now() + 300_000,
        configHash: "4444",
        application,
        target,
        from: await identity(),
        current: await measureCurrent(files, root, target, LIVE),
        services: await pm2.services(SERVICES, LIVE),
        kept: [],
        hasDump: (await pm2.dumped()) !== undefined,
        ...over,
      }),
  };
}

function settings(root: string): ApplicationSettings {
  return ApplicationSettings.parse({
    name: "patient",
    root,
    pm2Home: join(root, ".pm2"),
    services: [{ name: "api" }, { name: "importer" }, { name: "cleaner", destructive: true }],
    artifacts: ["server", "web", "package-lock.json"],
    configFiles: { environment: [".env"], monitoring: ["server/config/monitoring.config.js"] },
    releaseIdFrom: { url: "http://127.0.0.1:1/health", json: "build.release" },
  });
}

/** Whoever sleeps moves the time. */
function hasty(clock: ManualClock): Clock {
  return {
    ...clock,
    sleep: async (ms, signal) => {
      await Promise.all([clock.sleep(ms, signal), clock.advance(ms)]);
    },
  };
}

/** Answers with the installed release id while `api` is online. */
function servedFrom(root: string, pm2: FakePm2): Http {
  const phases = { connectMs: 1, firstByteMs: 1, totalMs: 1 };
  return {
    ask: async (_request, signal) => {
      const [api] = await pm2.services(["api"], signal);
      if (api?.instances.every((one) => one.pid === 0) !== false) {
        return { kind: "failed", reason: "refused", detail: "ECONNREFUSED", phases };
      }
      const release = await readFile(join(root, "server/release"), "utf8");
      const body = JSON.stringify({ build: { release } });
      return { kind: "answered", status: 200, headers: {}, body, phases };
    },
  };
}

function processesIn(root: string, pm2: FakePm2): Processes {
  const processes = fakeProcesses();
  processes.answer("node --version", { stdout: "v20.20.2\n" });
  return {
    ...processes,
    look: async () => ({ cwd: root }),
    environment: async (pid) => {
      const services = await pm2.services(SERVICES, LIVE);
      const at = services.flatMap((one) => one.instances).findIndex((one) => one.pid === pid);
      return (await pm2.definitions(SERVICES, LIVE))[at]?.env;
    },
  };
}
