import { createHash } from "node:crypto";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "libsql";
import { stringify } from "yaml";
import { run } from "../../../lab/command.ts";
import { type Environment, labEnvironment } from "../../../lab/environment.ts";
import { openJournalReader } from "../../../lab/journal-reader.ts";
import { type Lab, openLab } from "../../../lab/lab.ts";
import { isProven } from "../../../lab/milestones.ts";
import { PM2_PROGRAM } from "../../../lab/pm2-home.ts";
import type { Volume } from "../../../lab/volume.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../../../lab/webhook-receiver.ts";
import type { Entry } from "../../../src/model/facts.ts";
import { compile } from "./compiled.ts";
import { type DaemonLife, MORTAL_DAEMON, startLife, startProgram } from "./daemon-life.ts";
import type { KillPoint } from "./kill-point.ts";
import { SERVICES, startTwoServices, type Tree, type TwoServices } from "./two-services.ts";

/** An application with a proven release, watched by daemons that die; each case begins with the same state folder. */
export interface CrashLab {
  readonly lab: Lab;
  readonly app: TwoServices;
  readonly webhook: WebhookReceiver;
  /** Where the application and the state folder lie, in settings that ask for one. */
  readonly volume: Volume | undefined;
  readonly state: string;
  readonly configuration: string;
  /** Puts back the state folder as it was when the good release had been proven. */
  reset(): Promise<void>;
  /** Starts a daemon that dies at the point. */
  start(point?: KillPoint, configuration?: string): DaemonLife;
  /** Kills every daemon that still lives, such as those of a case that failed. */
  killAll(): Promise<void>;
  /** Runs rollwatch's own program. */
  program(args: readonly string[]): DaemonLife;
  /** A configuration with another state folder, which begins as a copy of the proven one. */
  secondConfiguration(): Promise<{ readonly configuration: string; readonly state: string }>;
  /** Everything in the journal of a state folder, oldest first. */
  entries(state?: string): Promise<readonly Entry[]>;
  /** Returns the entries once the condition holds for them; throws when the daemon ends before that. */
  until(
    condition: (entries: readonly Entry[]) => boolean,
    what: string,
    daemon?: DaemonLife,
    state?: string,
  ): Promise<readonly Entry[]>;
  end(): Promise<readonly string[]>;
}

const LIMIT_MS = 60_000;
const POLL_MS = 50;

/** What the daemon of a crash lab is configured with beside the application. */
export interface CrashSetting {
  readonly database?: unknown;
  readonly people?: unknown;
  readonly volume?: Volume;
  /** Paths of the application beside its own that a release consists of, and what both releases have there. */
  readonly artifacts?: readonly string[];
  readonly files?: Tree;
  /** Returns once everything is as every case begins with; the good release is proven. */
  readonly untilReady?: (state: string) => Promise<void>;
}

/** Starts the application and lets a daemon prove its good release. */
export async function openCrashLab(
  settingOf: (lab: Lab) => Promise<CrashSetting> = async () => ({}),
): Promise<CrashLab> {
  const lab = await openLab();
  try {
    return await fill(lab, await settingOf(lab));
  } catch (error) {
    await lab.end();
    throw error;
  }
}

async function fill(lab: Lab, setting: CrashSetting): Promise<CrashLab> {
  const place = setting.volume?.folder ?? lab.folder;
  const state = join(place, "state");
  const proven = join(lab.folder, "proven");
  const configuration = join(lab.folder, "rollwatch.yaml");
  const program = await compile(MORTAL_DAEMON, join(lab.folder, "compiled"));
  const app = await startTwoServices(lab, setting);
  const webhook = await startWebhookReceiver(lab);
  // What tsx keeps goes where it is removed with the lab.
  const env = labEnvironment(lab.folder, { TMPDIR: lab.folder });
  await writeConfiguration(configuration, state, { app, webhook, setting });

  async function entries(folder = state): Promise<readonly Entry[]> {
    const journal = await openJournalReader(folder);
    try {
      return journal?.entries() ?? [];
    } finally {
      journal?.close();
    }
  }

  const lives: DaemonLife[] = [];
  const crashLab: CrashLab = {
    lab,
    app,
    webhook,
    volume: setting.volume,
    state,
    configuration,
    async reset() {
      await rm(state, { recursive: true, force: true });
      await run("cp", ["-a", proven, state], { cwd: lab.folder, env });
      await setting.volume?.sync();
    },
    start(point, file = configuration) {
      const life = guarded(lab, startLife({ program, configuration: file }, env, point));
      lives.push(life);
      return life;
    },
    async killAll() {
      for (const life of lives.splice(0)) {
        life.send("SIGKILL");
        await life.ended;
      }
    },
    program: (args) => guarded(lab, startProgram(args, env)),
    async secondConfiguration() {
      const second = {
        configuration: join(lab.folder, "second.yaml"),
        state: join(lab.folder, "second"),
      };
      await run("cp", ["-a", proven, second.state], { cwd: lab.folder, env });
      await writeConfiguration(second.configuration, second.state, { app, webhook, setting });
      return second;
    },
    entries,
    async until(condition, what, daemon, folder = state) {
      return untilJournal({ entries: async () => entries(folder), condition, what, daemon });
    },
    end: () => lab.end(),
  };
  await prove(crashLab, env, { proven, setting });
  return crashLab;
}

/** Whatever becomes of the test, the daemon ends with the lab. */
export function guarded(lab: Lab, life: DaemonLife): DaemonLife {
  lab.onEnd(`daemon ${life.pid}`, async () => {
    // By its handle and not by its pid, which after its end may long be another process's.
    life.send("SIGKILL");
    await life.ended;
  });
  return life;
}

async function prove(
  crashLab: CrashLab,
  env: Environment,
  { proven, setting }: { readonly proven: string; readonly setting: CrashSetting },
): Promise<void> {
  const daemon = crashLab.start();
  await daemon.ready;
  await crashLab.until(
    (all) => isProven()(all) && isDelivered(all),
    "the good release is proven",
    daemon,
  );
  await setting.untilReady?.(crashLab.state);
  await endCleanly(daemon);
  foldLog(crashLab.state);
  await run("mv", [crashLab.state, proven], { cwd: crashLab.lab.folder, env });
}

/** Whoever reads beside a daemon that ends keeps it from folding its write-ahead log into the journal's file. */
function foldLog(state: string): void {
  const db = new Database(join(state, "journal.db"));
  db.pragma("wal_checkpoint(truncate)");
  db.close();
}

/** Asks the daemon to end; throws when it does not end well. */
export async function endCleanly(daemon: DaemonLife): Promise<void> {
  daemon.send("SIGTERM");
  const ending = await daemon.ended;
  if (ending.code !== 0) {
    throw new Error(`the daemon ended with ${JSON.stringify(ending)}\n${daemon.output()}`);
  }
}

/** Every notice is with each of its channels. */
export function isDelivered(entries: readonly Entry[]): boolean {
  const delivered = new Set(
    entries.flatMap(({ fact }) =>
      fact.kind === "notice-delivered" ? [`${fact.notice} ${fact.channel}`] : [],
    ),
  );
  return entries.every(
    ({ fact }) =>
      fact.kind !== "notice-queued" ||
      fact.notice.channels.every((channel) => delivered.has(`${fact.notice.id} ${channel}`)),
  );
}

async function untilJournal(how: {
  readonly entries: () => Promise<readonly Entry[]>;
  readonly condition: (entries: readonly Entry[]) => boolean;
  readonly what: string;
  readonly daemon: DaemonLife | undefined;
}): Promise<readonly Entry[]> {
  const begun = performance.now();
  let hasEnded = false;
  void how.daemon?.ended.finally(() => {
    hasEnded = true;
  });
  for (;;) {
    const isLast = hasEnded || performance.now() - begun > LIMIT_MS;
    const entries = await how.entries();
    if (how.condition(entries)) {
      return entries;
    }
    if (isLast) {
      const kinds = entries.slice(-12).map((one) => one.fact.kind);
      throw new Error(
        `${hasEnded ? "the daemon ended" : "waited in vain"} until ${how.what}; the journal ends with ${kinds.join(", ")}\n${how.daemon?.output() ?? ""}`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function writeConfiguration(
  file: string,
  state: string,
  how: Pick<CrashLab, "app" | "webhook"> & { readonly setting: CrashSetting },
): Promise<void> {
  const { app, webhook } = how;
  const { database, people, artifacts = [] } = how.setting;
  const text = stringify({
    application: {
      name: "two-services",
      root: app.root,
      pm2Home: app.pm2.folder,
      pm2Program: PM2_PROGRAM,
      services: SERVICES.map((name) => ({ name, quiesce: "2s", boot: "1s" })),
      artifacts: ["server", "assets", "package-lock.json", ...artifacts],
      configFiles: { environment: [".env"] },
      releaseIdFrom: { url: app.url, json: "release" },
    },
    signals: [
      {
        name: "health",
        trigger: "system-down",
        probe: { kind: "http", url: app.url, interval: "200ms", timeout: "1s" },
        breachAfter: 2,
        clearAfter: 2,
      },
      {
        name: "services",
        trigger: "system-down",
        probe: { kind: "pm2", interval: "500ms", timeout: "1s" },
        breachAfter: 2,
        clearAfter: 2,
      },
    ],
    // Every case kills it, and all are within minutes.
    policy: {
      triggers: { "system-down": { mode: "auto" } },
      brakes: { restartStorm: { starts: 19, within: "1s" } },
    },
    // The kills within `stage` are within its copies; test/recover/crash.test.ts kills it with a warm copy.
    release: { bake: "1s", warm: false },
    verify: { settle: "500ms", steady: "1s", timeout: "30s" },
    notify: {
      channels: {
        log: { kind: "log" },
        operations: { kind: "webhook", url: webhook.url, secret: webhook.secret },
      },
      routes: { page: ["log", "operations"], tell: ["log", "operations"] },
    },
    server: { listen: "127.0.0.1:0" },
    state,
    ...(database === undefined ? {} : { database }),
    ...(people === undefined ? {} : { people }),
  });
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
}

/** The sha256 of a journal's files by name, but for the one that SQLite keeps for the processes that have it open. */
export async function journalHashes(state: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(state)).filter((name) => /^journal\.db(-wal)?$/u.test(name));
  const contents = await Promise.all(
    names.map(async (name) => [name, sha256(await readFile(join(state, name)))] as const),
  );
  return Object.fromEntries(contents);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
