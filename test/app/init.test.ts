import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { InitPorts, Migrations } from "../../src/app/init-ports.ts";
import { initialise } from "../../src/app/init.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import type { InitReport, InitRequest } from "../../src/model/init.ts";
import { openFiles } from "../../src/system/files.ts";
import type { Answer } from "../../src/system/http.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { type FakeDatabase, fakeDatabase } from "../support/fakes/database.ts";
import { type FakeGit, fakeGit } from "../support/fakes/git.ts";
import { anAnswer } from "../support/fakes/http.ts";
import { type FakeListeners, fakeListeners } from "../support/fakes/listeners.ts";
import { type FakePm2, fakePm2 } from "../support/fakes/pm2.ts";
import { type FakeWebsocket, fakeWebsocket } from "../support/fakes/websocket.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;
const HEAD = "abcdef0123".repeat(4);
const SECRET = "sesame-4711";
const DATABASE = `postgres://desk:${SECRET}@127.0.0.1:5432/desk`;
const REFUSED: Answer = {
  kind: "failed",
  reason: "refused",
  detail: "ECONNREFUSED",
  phases: { totalMs: 1 },
};
const DECLINED = {
  kind: "declined",
  status: 200,
  headers: {},
  milestones: [],
  totalMs: 1,
} as const;

/** A host with an application in `<folder>/app`, of which a test says what runs and answers. */
interface Host {
  readonly folder: string;
  readonly root: string;
  readonly pm2: FakePm2;
  readonly git: FakeGit;
  readonly listeners: FakeListeners;
  readonly websocket: FakeWebsocket;
  readonly database: FakeDatabase;
  /** What is answered at an address; everything else is refused. */
  readonly pages: Map<string, Answer>;
  /** The table that the database has, and its column. */
  migrations: Migrations | undefined;
  /** A service that works in a folder and listens on a port. */
  serve(name: string, port?: number, how?: { readonly cwd?: string; readonly env?: Env }): void;
  init(request?: Partial<InitRequest>): ReturnType<typeof initialise>;
  /** Runs it and returns what it said. */
  report(request?: Partial<InitRequest>): Promise<InitReport>;
  draft(): Promise<string>;
  config(): Promise<Config>;
}

type Env = Readonly<Record<string, string>>;

async function withHost(body: (host: Host) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const root = join(folder, "app");
    await mkdir(join(root, "src"), { recursive: true });
    await writeFile(join(root, "package.json"), JSON.stringify({ name: "@acme/parcel desk" }));
    await body(aHost(folder, root));
  });
}

function aHost(folder: string, root: string): Host {
  const pm2 = fakePm2();
  const git = fakeGit();
  const listeners = fakeListeners();
  const websocket = fakeWebsocket();
  const database = fakeDatabase();
  const pages = new Map<string, Answer>();
  const file = join(folder, "rollwatch.yaml");
  git.commit(HEAD);
  git.setNames(["src", "package.json"]);
  websocket.setConversation(DECLINED);
  const host: Host = {
    folder,
    root,
    pm2,
    git,
    listeners,
    websocket,
    database,
    pages,
    migrations: undefined,
    serve: (name, port, { cwd = root, env = {} } = {}) => {
      const id = pm2.add(name, { options: { pm_cwd: cwd, pm_exec_path: join(cwd, "x.js") }, env });
      pm2.change(name, { pid: 5000 + id });
      if (port !== undefined) {
        listeners.listen(5000 + id, port);
        pages.set(`http://127.0.0.1:${port}/`, anAnswer({ status: 404 }));
      }
    },
    init: async (request = {}) => {
      const ports: InitPorts = {
        clock: createManualClock(),
        files: openFiles(),
        git: { ...git, isTop: async (path) => path === root && (await git.isTop(path)) },
        http: { ask: async ({ url }) => pages.get(url) ?? REFUSED },
        listeners,
        websocket,
        environment: { HOME: folder },
        uid: 1000,
        cwd: folder,
        openPm2: () => pm2,
        openDatabase: (_url, migrations) => ({
          ...database,
          schemaRevision: async (signal) => {
            const known = host.migrations;
            if (migrations?.table === known?.table && migrations?.column !== known?.column) {
              throw new Error("there is no such column");
            }
            return migrations?.table === known?.table ? "003 (3)" : database.schemaRevision(signal);
          },
        }),
      };
      return initialise(ports, { force: false, ...request }, LIVE);
    },
    report: async (request) => {
      const outcome = await host.init(request);
      if (outcome.kind !== "written") {
        throw new Error(`nothing was written: ${JSON.stringify(outcome)}`);
      }
      return outcome.report;
    },
    draft: async () => readFile(file, "utf8"),
    config: async () => loadConfig(file, { DATABASE_URL: DATABASE, OTHER_URL: DATABASE }),
  };
  return host;
}

describe("what init writes", () => {
  it("is for its owner alone, valid as it is, and in shadow mode throughout", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);

      const report = await host.report();

      const { policy, application, state } = await host.config();
      expect(report).toMatchObject({ application: "acme-parcel-desk", problems: [] });
      expect((await stat(report.file)).mode & 0o777).toBe(0o600);
      expect(new Set(Object.values(policy.triggers).map(({ mode }) => mode))).toEqual(
        new Set(["shadow"]),
      );
      expect(application).toMatchObject({
        root: host.root,
        pm2Home: join(host.folder, ".pm2"),
        services: [{ name: "desk" }],
      });
      expect(state).toBe(join(host.folder, ".local/state/rollwatch/acme-parcel-desk"));
    });
  });

  it("replaces a file only when forced", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      await writeFile(join(host.folder, "rollwatch.yaml"), "mine");

      expect(await host.init()).toMatchObject({ kind: "exists" });
      expect(await host.draft()).toBe("mine");
      await host.report({ force: true });
      expect(await host.draft()).toContain("- name: desk");
    });
  });

  it("goes where it is told, relative to the present folder", async () => {
    await withHost(async (host) => {
      host.serve("desk");

      const { file, check } = await host.report({ output: "app/watch.yaml" });

      expect(file).toBe(join(host.root, "watch.yaml"));
      expect(check.join()).toContain("no deployment sweeps it away");
    });
  });

  it("never holds the database's password, nor does the report", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000, { env: { OTHER_URL: DATABASE } });
      host.database.setAnswer({ kind: "fails", sqlstate: "28P01", detail: "password refused" });

      const report = await host.report();

      const draft = await host.draft();
      expect(draft).toContain("url: ${OTHER_URL}");
      expect(draft + JSON.stringify(report)).not.toContain(SECRET);
      expect(report.variables).toMatchObject([{ name: "OTHER_URL" }]);
      expect(report.next.join()).toContain("set -a");
    });
  });

  it("takes nothing that it reads for YAML, references or further lines", async () => {
    await withHost(async (host) => {
      const odd = join(host.folder, "od\nd ${HOME}: [x]");
      await mkdir(odd);
      host.git.setAbsent(true);
      host.serve("desk", undefined, { cwd: odd });
      await writeFile(join(odd, "${A}: #b"), "");

      const report = await host.report();

      expect(report.problems).toEqual([]);
      const { application } = await host.config();
      expect(application).toMatchObject({
        root: odd,
        artifacts: ["${A}: #b"],
        source: "directory",
      });
    });
  });
});

describe("the application that init finds", () => {
  it("is the only one in this pm2, whatever pm2 installed for itself", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      host.serve("rotate", undefined, { cwd: join(host.folder, ".pm2/modules/rotate") });

      expect((await host.report()).services.map(({ name }) => name)).toEqual(["desk"]);
    });
  });

  it("must be chosen among several, by a folder of it", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      host.serve("worker", undefined, { cwd: join(host.root, "src") });
      host.serve("other", undefined, { cwd: "/srv/other" });

      expect(await host.init()).toEqual({
        kind: "several",
        choices: [
          { root: host.root, services: ["desk", "worker"] },
          { root: "/srv/other", services: ["other"] },
        ],
      });
      expect(await host.init({ root: "/srv" })).toMatchObject({ kind: "elsewhere", root: "/srv" });
      const report = await host.report({ root: "app/src" });
      expect(report.services.map(({ name }) => name)).toEqual(["desk", "worker"]);
    });
  });

  it("keeps services whose names pm2 takes for something else out, and says so", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      host.serve("all");

      const { services, check } = await host.report();

      expect(services.map(({ name }) => name)).toEqual(["desk"]);
      expect(check.join()).toContain('"all" cannot be watched');
    });
  });

  it.each([
    ["no pm2 answers", "pm2-unreachable"],
    ["pm2 keeps nothing", "service-unknown"],
  ])("is none where %s", async (what, code) => {
    await withHost(async (host) => {
      if (what === "no pm2 answers") {
        host.pm2.setDaemon({ kind: "dead", reason: "no daemon process" });
      }

      await expect(host.init()).rejects.toMatchObject({ code });
      await expect(host.draft()).rejects.toMatchObject({ code: "ENOENT" });
    });
  });

  it("consists of what git has and what is built from it", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      for (const name of ["dist", "node_modules", "uploads"]) {
        await mkdir(join(host.root, name));
      }
      for (const name of [".env", ".env.example", "yarn.lock"]) {
        await writeFile(join(host.root, name), "");
      }

      const { check } = await host.report();

      const { application } = await host.config();
      expect(application.artifacts).toEqual(["package.json", "src", "node_modules", "dist"]);
      expect(application.configFiles.environment).toEqual([".env"]);
      expect(application.lockfile).toBe("yarn.lock");
      expect(check.join()).toContain("uploads");
    });
  });

  it("without a repository consists of everything but what it writes itself", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      host.git.setAbsent(true);
      await mkdir(join(host.root, "logs"));

      await host.report();

      expect((await host.config()).application).toMatchObject({
        source: "directory",
        artifacts: ["package.json", "src"],
      });
    });
  });
});

describe("the signals that init chooses", () => {
  it("ask the health address of each service, and time a page", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      host.serve("back-office", 3001);
      host.pages.set("http://127.0.0.1:3000/", anAnswer());
      host.pages.set("http://127.0.0.1:3000/api/health", anAnswer());
      host.pages.set("http://127.0.0.1:3001/healthz", anAnswer());

      const { signals } = await host.report();

      expect(signals).toEqual([
        "desk-health",
        "back-office-health",
        "services",
        "response-time",
        "memory",
      ]);
      expect((await host.config()).signals).toMatchObject([
        { probe: { url: "http://127.0.0.1:3000/api/health" }, service: "desk" },
        { probe: { url: "http://127.0.0.1:3001/healthz" }, service: "back-office" },
        { probe: { kind: "pm2" } },
        { probe: { url: "http://127.0.0.1:3000/", measure: "latency" }, service: "desk" },
        { probe: { kind: "memory" } },
      ]);
    });
  });

  it("look where PORT says when nobody shows who listens", async () => {
    await withHost(async (host) => {
      host.serve("desk", undefined, { env: { PORT: "3100" } });
      host.pages.set("http://127.0.0.1:3100/", anAnswer());

      expect((await host.report()).signals).toContain("desk-health");
    });
  });

  it("are those of pm2 and memory alone where nothing answers", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      host.pages.set("http://127.0.0.1:3000/", REFUSED);

      const { signals, check } = await host.report();

      expect(signals).toEqual(["services", "memory"]);
      expect(check.join()).toContain("No health address was found");
    });
  });

  it("read metrics of requests, rollwatch's own left out", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      host.pages.set("http://127.0.0.1:3000/health", anAnswer());
      const body = [
        'http_request_duration_seconds_bucket{path="/",code="200",le="0.5"} 3',
        'http_request_duration_seconds_count{path="/",code="200"} 3',
        "db_pool_waiting_clients 0",
      ].join("\n");
      host.pages.set("http://127.0.0.1:3000/metrics", anAnswer({ body }));

      await host.report();

      const scrapes = (await host.config()).signals.filter(({ probe }) => probe.kind === "scrape");
      const ignore = { path: ["/metrics", "/health"] };
      expect(scrapes).toMatchObject([
        { trigger: "slow-responses", probe: { metric: "http_request_duration_seconds", ignore } },
        { trigger: "error-rate", probe: { statusLabel: "code", ignore } },
        { trigger: "pool-exhausted", probe: { metric: "db_pool_waiting_clients" } },
      ]);
    });
  });

  it.each(["up 1\n", "<html>nothing here</html>"])(
    "ignore a metrics page such as %j",
    async (body) => {
      await withHost(async (host) => {
        host.serve("desk", 3000);
        host.pages.set("http://127.0.0.1:3000/metrics", anAnswer({ body }));

        expect((await host.report()).signals).toEqual(["services", "memory"]);
      });
    },
  );

  it("speak WebSocket only where it is spoken", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      host.websocket.setConversation({ kind: "fine", milestones: [], totalMs: 3 });

      expect((await host.report()).signals).toContain("websocket");
    });
  });

  it.each([
    ["desk", 426],
    ["desk-sockets", 404],
  ])("are told to be more where %s answers %i and seems to speak it", async (name, status) => {
    await withHost(async (host) => {
      host.serve(name, 3000);
      host.pages.set("http://127.0.0.1:3000/", anAnswer({ status }));

      const { signals, check } = await host.report();

      expect(signals).not.toContain("websocket");
      expect(check.join()).toContain(`${name} seems to speak WebSocket at 127.0.0.1:3000`);
    });
  });

  it("are told to be fewer where the application limits who asks", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      host.pages.set("http://127.0.0.1:3000/health", anAnswer({ status: 429 }));

      expect((await host.report()).check.join()).toContain("answers 429");
    });
  });
});

describe("what init finds out besides", () => {
  it("is the field in which the application says its commit", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      const body = JSON.stringify({ ok: true, build: { sha: HEAD.slice(0, 8), at: "2026" } });
      host.pages.set("http://127.0.0.1:3000/health", anAnswer({ body }));

      await host.report();

      expect((await host.config()).application.releaseIdFrom).toEqual({
        url: "http://127.0.0.1:3000/health",
        json: "build.sha",
      });
    });
  });

  it.each([
    { table: "knex_migrations", column: "name" },
    { table: "migrations", column: "migration" },
    { table: "SequelizeMeta", column: "name" },
  ])("is the migrations table $table with its column $column", async (migrations) => {
    await withHost(async (host) => {
      host.serve("desk", 3000, { env: { DATABASE_URL: DATABASE } });
      host.migrations = migrations;

      const { signals } = await host.report();

      expect((await host.config()).database?.migrations).toEqual(migrations);
      expect(signals).toContain("connections");
    });
  });

  it.each([
    [
      "libpq's variables",
      { PGHOST: "db", PGUSER: "desk", PGPASSWORD: SECRET, PGDATABASE: "d" },
      "postgresql://desk@db/d",
    ],
    [
      "a socket's folder",
      { PGHOST: "/run/pg", PGUSER: "desk" },
      "postgresql://desk@localhost/desk",
    ],
  ])("is a database by %s", async (_what, env, address) => {
    await withHost(async (host) => {
      host.serve("desk", 3000, { env });

      const { found, variables } = await host.report();

      expect(found.join()).toContain(`The database ${address} stands`);
      expect(variables).toMatchObject([{ name: "DATABASE_URL" }]);
    });
  });

  it("is a database that only the application's own .env names", async () => {
    await withHost(async (host) => {
      host.serve("desk", 3000);
      await writeFile(join(host.root, ".env"), `# settings\nexport DATABASE_URL="${DATABASE}"\n`);

      expect((await host.report()).found.join()).toContain(
        "postgres://desk@127.0.0.1:5432/desk stands in .env",
      );
    });
  });

  it("is a port that nobody has", async () => {
    await withHost(async (host) => {
      host.serve("desk");
      host.listeners.listen(1, 9876);

      await host.report();

      expect((await host.config()).server.listen.port).toBe(9877);
    });
  });
});
