import { execa } from "execa";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { labEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { Captured } from "../../src/api/contract.ts";
import { PlanReport } from "../../src/model/actions.ts";
import { RollbackPreview } from "../../src/model/preview.ts";
import { compile } from "./support/compiled.ts";
import {
  type ConfiguredServices,
  SERVICES,
  startConfiguredServices,
} from "./support/configured-services.ts";

const LIMIT_MS = 120_000;
const LIMITS = "limit: 1\n";
/** What an editor, a copy from a letter and a broken tool leave: a mark, two kinds of line ends, bytes of no text, and no end of the last line. */
const ENV_FILE = Buffer.concat([
  Buffer.from("\uFEFFTOKEN=first\r\nPASSWORD='$(touch ran) `touch ran` ${HOME} \\n'\nNOTHING=\n"),
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.from("\nLAST=😀"),
]);
/** Made to be executed, cut, joined, trimmed or expanded by whoever hands them on. */
const HOSTILE: Readonly<Record<string, string>> = {
  SUBSTITUTED: "$(touch ran) `touch ran` ${HOME} $HOME %HOME%",
  OPTION: "--output=x",
  LINES: "one\ntwo\r\n\tthree\n",
  QUOTED: `a"b'c\\d\\n`,
  EMPTY: "",
  EQUALS: "a=b==c",
  SPACES: "  x  ",
  TURNED: "é😀\u202Eabc\uFEFF",
  FORMAT: "%s%n {{x}} #{x}",
  JSON_LIKE: '{"a":[1,null]}',
  LONG: "x".repeat(20_000),
};
const OTHERS = Object.fromEntries(Object.keys(HOSTILE).map((name) => [name, "other"]));

let lab: Lab;
let app: ConfiguredServices;
let main: string;
let configuration: string;
let release: string;

beforeAll(async () => {
  lab = await openLab();
  app = await startConfiguredServices(lab, HOSTILE);
  await writeFile(join(app.root, ".env"), ENV_FILE);
  main = await compile("src/main.ts", join(lab.folder, "rollwatch"));
  configuration = join(lab.folder, "rollwatch.yaml");
  await writeFile(configuration, stringify(settings(app)), { mode: 0o600 });
  await chmod(configuration, 0o600);
  release = Captured.parse(await answerOf(["release", "capture"])).release;
}, LIMIT_MS);

afterAll(async () => {
  await lab.end();
});

function settings({ root, url, pm2 }: ConfiguredServices): unknown {
  return {
    application: {
      name: "configured",
      root,
      pm2Home: pm2.folder,
      pm2Program: PM2_PROGRAM,
      artifacts: ["server"],
      services: [
        { name: "api", reads: ["environment", "database"], boot: "1s" },
        { name: "feed", reads: ["environment"], after: ["api"], boot: "1s" },
        { name: "watcher", reads: ["monitoring"], after: ["feed"], boot: "1s" },
        { name: "clock", reads: [], boot: "1s" },
      ],
      configFiles: {
        environment: [".env"],
        database: ["server/db.js"],
        monitoring: ["limits.yaml"],
      },
    },
    signals: [
      {
        name: "api-health",
        trigger: "system-down",
        probe: { kind: "http", url, interval: "200ms", timeout: "1s" },
      },
    ],
    release: { bake: "1s", warm: false },
    verify: { settle: "1s", steady: "1s", timeout: "60s" },
    server: { listen: "127.0.0.1:0" },
    state: join(lab.folder, "state"),
  };
}

/** Without a daemon the command acts by itself. */
async function rollwatch(
  args: readonly string[],
): Promise<{ readonly code: number | undefined; readonly out: string; readonly err: string }> {
  const result = await execa(
    process.execPath,
    [main, ...args, "--config", configuration, "--json"],
    {
      cwd: ROOT,
      env: labEnvironment(lab.folder, { TMPDIR: lab.folder, USER: "tester" }),
      extendEnv: false,
      stdin: "ignore",
      reject: false,
      timeout: LIMIT_MS,
    },
  );
  return { code: result.exitCode, out: result.stdout, err: result.stderr };
}

async function answerOf(args: readonly string[]): Promise<unknown> {
  const { out, err } = await rollwatch(args);
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`${args.join(" ")} said ${out}\n${err}`);
  }
}

async function rollBack(kind: string): Promise<PlanReport> {
  const how = ["--kind", kind, "--to", release, "--yes", "--reason", "as agreed"];
  const answer = await answerOf(["rollback", "--scope", "configuration", ...how]);
  return PlanReport.parse(answer);
}

/** A person changes every kind of configuration, and newer code is there, too. */
async function changeAll(): Promise<void> {
  await app.write(".env", "TOKEN=second\nLEFT_OVER=1\n");
  await app.write("limits.yaml", "limit: 2\n");
  await app.write("server/db.js", `${await app.read("server/db.js")}// pool: 1\n`);
  await app.commitCode("newer code");
  await app.setEnvironment({ MODE: "bad", NEW_FLAG: "on", ...OTHERS });
}

/** The services whose processes are not the same ones any more. */
async function renewedBy(act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await app.pids();
  await act();
  const after = await app.pids();
  return SERVICES.filter((name) => String(before[name]) !== String(after[name]));
}

describe("configuration that is rolled back alone", () => {
  it(
    "is the monitoring's: its file, and the service that reads it",
    async () => {
      await changeAll();
      const database = await app.read("server/db.js");
      let plan: PlanReport | undefined;

      const renewed = await renewedBy(async () => {
        plan = await rollBack("monitoring");
      });

      expect(plan).toMatchObject({ scope: "configuration", ended: { result: "completed" } });
      expect(renewed).toEqual(["watcher"]);
      expect(await app.read("limits.yaml")).toBe(LIMITS);
      expect(await app.read("server/db.js")).toBe(database);
      expect(await app.read(".env")).toContain("LEFT_OVER");
      expect(await app.environments("watcher")).toEqual([expect.stringContaining("NEW_FLAG=on")]);
    },
    LIMIT_MS,
  );

  it(
    "is the database's, in the middle of an artefact, whose code stays",
    async () => {
      const renewed = await renewedBy(async () => rollBack("database"));

      expect(renewed).toEqual(["api"]);
      expect(await app.read("server/db.js")).not.toContain("pool: 1");
      expect(await app.read("server/watcher.js")).toContain("newer code");
      expect(await app.read(".env")).toContain("LEFT_OVER");
    },
    LIMIT_MS,
  );

  it(
    "is shown before: the variable that goes, and what would be restarted",
    async () => {
      const args = ["--kind", "environment", "--to", release, "--dry-run"];
      const answer = await answerOf(["rollback", "--scope", "configuration", ...args]);

      const { steps } = RollbackPreview.parse(answer);
      expect(steps.map(({ id }) => id)).toEqual([
        "stage:.env",
        "stage-definitions",
        "switch:.env",
        "start-service:api",
        "start-service:feed",
        "start-service:watcher",
        "prove-configuration",
        "clean-up",
      ]);
      expect(steps.map(({ describe: text }) => text).join("\n")).toContain("without NEW_FLAG");
    },
    LIMIT_MS,
  );

  it(
    "is the environment: what came since is gone from the running processes, also of a cluster",
    async () => {
      let plan: PlanReport | undefined;

      const renewed = await renewedBy(async () => {
        plan = await rollBack("environment");
      });

      expect(plan?.ended?.result).toBe("completed");
      expect(renewed).toEqual(["api", "feed", "watcher"]);
      expect((await readFile(join(app.root, ".env"))).equals(ENV_FILE)).toBe(true);
      const [api, watcher, feed] = await Promise.all(
        ["api", "watcher", "feed"].map(async (name) => app.environments(name)),
      );
      const forks = [...(api ?? []), ...(watcher ?? [])].map((one) => one.split("\0"));
      expect(forks).toHaveLength(2);
      for (const variables of forks) {
        expect(variables).toContain("MODE=good");
        expect(variables.filter((one) => one.startsWith("NEW_FLAG="))).toEqual([]);
        const given = Object.entries(HOSTILE).map(([name, value]) => `${name}=${value}`);
        expect(variables).toEqual(expect.arrayContaining(given));
      }
      expect(feed).toHaveLength(2);
      for (const text of feed ?? []) {
        expect(text).toContain('"MODE":"good"');
        expect(text).not.toContain("NEW_FLAG");
        expect(text).toContain(JSON.stringify(HOSTILE["QUOTED"]));
      }
      expect(existsSync(join(app.root, "ran"))).toBe(false);
      expect(await app.read("server/watcher.js")).toContain("newer code");
    },
    LIMIT_MS,
  );

  it(
    "is refused where nothing differs any more",
    async () => {
      const how = ["--to", release, "--yes", "--reason", "again"];

      const { code, err } = await rollwatch(["rollback", "--scope", "configuration", ...how]);

      expect(code).toBe(3);
      expect(err).toContain(`is that of ${release}`);
    },
    LIMIT_MS,
  );
});

describe("restarts in order", () => {
  it(
    "take those along that come after, each once the one before is well",
    async () => {
      const how = ["--service", "api", "--dependents", "--yes", "--reason", "it leaks"];
      let answer: unknown;

      const renewed = await renewedBy(async () => {
        answer = await answerOf(["rollback", "--scope", "service", ...how]);
      });

      const plan = PlanReport.parse(answer);
      expect(plan.ended?.result).toBe("completed");
      expect(renewed).toEqual(["api", "feed", "watcher"]);
      expect(plan.steps.map(({ id }) => id)).toEqual([
        "restart-service:api",
        "await-service:api",
        "restart-service:feed",
        "await-service:feed",
        "restart-service:watcher",
      ]);
    },
    LIMIT_MS,
  );
});
