import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { stringify } from "yaml";
import type { z } from "zod";
import { type Environment, labEnvironment, ROOT } from "../../../lab/environment.ts";
import { readOverSocket } from "../../../lab/over-socket.ts";
import { PM2_PROGRAM } from "../../../lab/pm2-home.ts";
import { SOCKET_NAME } from "../../../src/api/contract.ts";
import { Status } from "../../../src/model/operations.ts";
import { compile } from "./compiled.ts";
import { type CrashLab, guarded, openCrashLab } from "./crash-lab.ts";
import { type DaemonLife, startCompiled } from "./daemon-life.ts";
import { GOOD, SERVICES } from "./two-services.ts";

/** What one command line came to. */
export interface Ran {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** The people of the configuration, by their first names, each with a token. */
export const PEOPLE = {
  Ada: { roles: ["system-administrator"] },
  Sam: { roles: ["system-administrator"] },
  Dora: { roles: ["database-administrator"] },
  Paul: { roles: ["project-manager"] },
} as const;
export type Name = keyof typeof PEOPLE;

/** In what one case differs from another. */
export interface Policy {
  readonly mode: "shadow" | "recommend" | "auto";
  /** How long a plan waits. Default 5m. */
  readonly expires?: string;
  /** Bad answers of the API that make a breach. Default 2. */
  readonly breachAfter?: number;
  /** Good windows that end a breach. Default 2. */
  readonly clearAfter?: number;
  /** Status codes that are healthy. Default 200. */
  readonly healthy?: readonly number[];
}

/** The crash lab's application, and rollwatch's own compiled program with people who may decide. */
export interface ActingLab extends CrashLab {
  /** Address of the daemon's TCP listener. */
  readonly url: string;
  readonly tokens: Readonly<Record<Name, string>>;
  /** Ends the case before: the good release serves, it is proven, and the policy is this one. */
  begin(policy: Policy): Promise<void>;
  /** Starts `rollwatch run` and returns when it watches. */
  daemon(): Promise<DaemonLife>;
  /** Starts `rollwatch` and does not wait for it. */
  started(args: readonly string[], as?: Name): DaemonLife;
  /** Runs `rollwatch`, with the token of a person or none. */
  cli(args: readonly string[], as?: Name): Promise<Ran>;
  /** Runs `rollwatch ... --json`, and reads its answer. Throws when it is no such answer. */
  json<Answer>(
    schema: z.ZodType<Answer>,
    args: readonly string[],
    as?: Name,
  ): Promise<Ran & { readonly answer: Answer }>;
  /** The daemon's status, once the condition holds for it. */
  untilStatus(isSo: (status: Status) => boolean, what: string): Promise<Status>;
  /** Acts over the socket as its user, again and again until it is enough. Returns the answers' status codes. */
  postOften(
    path: string,
    body: unknown,
    isEnough: () => Promise<boolean>,
  ): Promise<readonly number[]>;
  /** Asks over TCP. */
  post(path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Response>;
}

const LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Opens the crash lab, and compiles rollwatch. */
export async function openActingLab(): Promise<ActingLab> {
  const crash = await openCrashLab();
  try {
    return await extend(crash);
  } catch (error) {
    await crash.end();
    throw error;
  }
}

async function extend(crash: CrashLab): Promise<ActingLab> {
  const { lab, app } = crash;
  const main = await compile("src/main.ts", join(lab.folder, "rollwatch"));
  const configuration = join(lab.folder, "acting.yaml");
  const port = await lab.port();
  const url = `http://127.0.0.1:${port}`;
  const tokens = { Ada: aToken(), Sam: aToken(), Dora: aToken(), Paul: aToken() };
  const base = { TMPDIR: lab.folder, USER: "tester", ROLLWATCH_CONFIG: configuration };
  const running: DaemonLife[] = [];

  function environment(as?: Name): Environment {
    const token = as === undefined ? {} : { ROLLWATCH_TOKEN: tokens[as] };
    return labEnvironment(lab.folder, { ...base, ...token });
  }

  function started(args: readonly string[], as?: Name): DaemonLife {
    const life = guarded(lab, startCompiled(main, args, environment(as)));
    running.push(life);
    return life;
  }

  async function cli(args: readonly string[], as?: Name): Promise<Ran> {
    const result = await execa(process.execPath, [main, ...args], {
      cwd: ROOT,
      env: environment(as),
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      timeout: LIMIT_MS,
    });
    return { code: result.exitCode, out: result.stdout, err: result.stderr };
  }

  return {
    ...crash,
    configuration,
    url,
    tokens,
    async begin(policy) {
      for (const life of running.splice(0)) {
        life.send("SIGKILL");
        await life.ended;
      }
      const head = await app.head();
      if (head.commit !== app.commits.good || (await app.served()) !== GOOD) {
        await app.deployGood();
      }
      await crash.reset();
      const text = stringify(configurationOf(crash, policy, { port, tokens }));
      await writeFile(configuration, text, { mode: 0o600 });
    },
    async daemon() {
      const life = started(["run"]);
      await life.ready;
      return life;
    },
    started,
    cli,
    async json(schema, args, as) {
      const ran = await cli([...args, "--json"], as);
      return { ...ran, answer: schema.parse(JSON.parse(ran.out)) };
    },
    async untilStatus(isSo, what) {
      const limit = AbortSignal.timeout(LIMIT_MS);
      for (;;) {
        const answer = await readOverSocket(crash.state, "/api/v1/status", limit);
        const status = Status.parse(JSON.parse(answer));
        if (isSo(status)) {
          return status;
        }
        if (limit.aborted) {
          throw new Error(`never seen: ${what}; last ${JSON.stringify(status)}`);
        }
        await sleep(POLL_MS);
      }
    },
    async postOften(path, body, isEnough) {
      const asked: Promise<number>[] = [];
      while (!(await isEnough())) {
        asked.push(postToSocket(join(crash.state, SOCKET_NAME), path, body));
        await sleep(POLL_MS);
      }
      return Promise.all(asked);
    },
    async post(path, body, headers) {
      return fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
    },
  };
}

async function postToSocket(socketPath: string, path: string, body: unknown): Promise<number> {
  const headers = { "content-type": "application/json" };
  const question = request({ socketPath, path, method: "POST", headers, timeout: LIMIT_MS });
  question.end(JSON.stringify(body));
  const [answer] = await once(question, "response");
  answer.resume();
  return Number(answer.statusCode);
}

function aToken(): string {
  return randomBytes(24).toString("hex");
}

function configurationOf(
  { app, webhook, state }: CrashLab,
  policy: Policy,
  { port, tokens }: { readonly port: number; readonly tokens: ActingLab["tokens"] },
): unknown {
  const { mode, expires = "5m", breachAfter = 2, clearAfter = 2, healthy = [200] } = policy;
  return {
    application: {
      name: "two-services",
      root: app.root,
      pm2Home: app.pm2.folder,
      pm2Program: PM2_PROGRAM,
      services: SERVICES.map((name) => ({ name, quiesce: "2s", boot: "1s" })),
      artifacts: ["server", "assets", "package-lock.json"],
      configFiles: { environment: [".env"] },
      releaseIdFrom: { url: app.url, json: "release" },
    },
    signals: [
      {
        name: "health",
        trigger: "system-down",
        probe: {
          kind: "http",
          url: app.url,
          interval: "200ms",
          timeout: "1s",
          expectStatus: healthy,
        },
        breachAfter,
        clearAfter,
      },
      {
        name: "services",
        trigger: "system-down",
        probe: { kind: "pm2", interval: "500ms", timeout: "1s" },
        // A deployment's restart on a busy machine is no breach.
        breachAfter: 20,
        clearAfter,
      },
    ],
    policy: {
      triggers: { "system-down": { mode }, "data-corruption": { mode: "recommend" } },
      approval: { expires },
    },
    release: { bake: "1s" },
    verify: { settle: "500ms", steady: "1s", timeout: "30s" },
    people: {
      contacts: [
        { name: "Ada", ...PEOPLE.Ada, token: tokens.Ada },
        { name: "Sam", ...PEOPLE.Sam, token: tokens.Sam },
        { name: "Dora", ...PEOPLE.Dora, token: tokens.Dora },
        { name: "Paul", ...PEOPLE.Paul, token: tokens.Paul },
      ],
    },
    notify: {
      channels: {
        log: { kind: "log" },
        operations: { kind: "webhook", url: webhook.url, secret: webhook.secret },
      },
      routes: { page: ["log", "operations"], tell: ["log", "operations"] },
    },
    server: { listen: `127.0.0.1:${port}` },
    state,
  };
}
