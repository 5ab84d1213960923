import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApi } from "../../src/api/server.ts";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import { CheckRound, Status } from "../../src/model/operations.ts";
import { RollbackPreview } from "../../src/model/preview.ts";
import type { Operations } from "../../src/model/operations.ts";
import { fakeActions } from "../support/fakes/actions.ts";
import {
  aCheckRound,
  aDoctorReport,
  anIncidentReport,
  aPreview,
  aStatus,
  fakeOperations,
} from "../support/fakes/operations.ts";
import { servedPorts } from "../support/served.ts";
import { aReplayReport } from "../support/replayed.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface World {
  readonly operations?: Partial<Operations>;
  readonly ports?: Partial<CliPorts>;
}

let folder = "";
let file = "";
let closed = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwC-"));
  file = join(folder, "rollwatch.yaml");
  closed = 0;
  await configure("");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function configure(more: string): Promise<void> {
  const text = `application:
  name: app
  root: /srv/app
  pm2Home: /home/app/.pm2
  services: [{ name: web }]
  artifacts: [dist]
signals: [{ name: health, trigger: system-down, probe: { kind: pm2 } }]
state: ${folder}
${more}`;
  await writeFile(file, text);
  await chmod(file, 0o600);
}

async function rollwatch(argv: readonly string[], world: World = {}): Promise<Outcome> {
  let out = "";
  let err = "";
  const ports: CliPorts = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    environment: { ROLLWATCH_CONFIG: file },
    isTerminal: false,
    canAsk: false,
    ask: async () => "",
    sleep: async () => undefined,
    host: { version: "9.9.9", pid: 4711, nodeVersion: "v20.20.2", announceReady: () => undefined },
    now: () => 1_800_000_000_000,
    exists: () => false,
    openOperations: async () => ({
      operations: fakeOperations(world.operations),
      close: async () => {
        closed += 1;
      },
    }),
    openActions: async () => ({
      actions: fakeActions().actions,
      operations: fakeOperations(world.operations),
      close: async () => undefined,
    }),
    openDatabaseRows: async () => {
      throw new Error("is not needed for this");
    },
    init: async () => ({ kind: "exists", file: "" }),
    doctor: async () => aDoctorReport(),
    exportIncident: async () => "",
    followUps: async () => ({ tasks: [], checklists: [] }),
    testChannels: async () => [],
    replay: async () => aReplayReport(),
    runDaemon: async () => 0,
    deployUnderLock: async () => 0,
    openGuardOutside: () => ({ probe: async () => ({ kind: "good" }), page: async () => 0 }),
    ...world.ports,
  };
  const code = await runCli(argv, ports, new AbortController().signal);
  return { code, out, err };
}

/** Runs a command while a daemon of this status answers. */
async function withDaemon(
  status: Status,
  argv: readonly string[],
  world: World = {},
): Promise<Outcome> {
  const api = await openApi(
    servedPorts({ operations: fakeOperations({ status: async () => status }) }),
    { listen: { host: "127.0.0.1", port: 0 }, socketPath: join(folder, "rollwatch.sock") },
  );
  try {
    return await rollwatch(argv, world);
  } finally {
    await api.close();
  }
}

describe("rollwatch", () => {
  it("without a command shows its help and says that this is no use", async () => {
    const { code, out, err } = await rollwatch([]);

    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain("Usage: rollwatch");
  });

  it.each([["--help"], ["status", "--help"], ["--version"]])("answers %s %s", async (...argv) => {
    const { code, out, err } = await rollwatch(argv);

    expect(code).toBe(0);
    expect(out).toMatch(/Usage: rollwatch|9\.9\.9/u);
    expect(err).toBe("");
  });

  it.each([
    [["statsu"], "Did you mean status?"],
    [["status", "--jsn"], "Did you mean --json?"],
    [["rollback", "--dry-run", "--scope", "everything"], "application"],
    [["rollback"], "--reason"],
    [["rollback", "--reason", "x"], "--yes"],
    [["rollback", "--reason", "x", "--json"], "--yes"],
    [["rollback", "--scope", "service", "--reason", "x", "--yes"], "--service"],
    [["rollback", "--service", "web", "--reason", "x", "--yes"], "--scope service"],
    [["rollback", "--scope", "service", "--service", "web", "--to", "rel-1"], "--to"],
    [["rollback", "--kind", "database", "--reason", "x", "--yes"], "--scope configuration"],
    [["rollback", "--dependents", "--reason", "x", "--yes"], "--scope service"],
    [["pause", "--for", "soon", "--reason", "x"], "15m"],
    [["pause", "--for", "0s", "--reason", "x"], "15m"],
    [["pause", "--for", "-5m", "--reason", "x"], "15m"],
    [["maintenance", "start", "--for", "0s", "--reason", "x"], "15m"],
    [["maintenance", "start", "--for", "2h"], "--reason"],
    [["report", "--reason", "x"], "trigger"],
    [["report", "user-interface"], "--reason"],
    [["report", "user-interface", "--reason", " "], "reason:"],
    [["approve"], "id"],
    [["ack"], "id"],
    [["incident", "show"], "id"],
    [["incident", "note", "inc-1"], "text"],
    [["incident", "close", "inc-1"], "--reason"],
    [["incident", "close", "inc-1", "--reason", ""], "reason:"],
    [["reject", "plan-1", "--reason", " "], "reason:"],
    [["release", "show"], "id"],
    [["release", "diff"], "from"],
    [["release", "verify", "rel-1", "rel-2"], "too many arguments"],
    [["pause"], "--reason"],
    [["pause", "--reason", " "], "reason:"],
    [["pause", "--reason", "x", "--by", "<b>"], "--by"],
    [["maintenance", "start", "--reason", "x"], "--for"],
    [["report", "everything", "--reason", "x"], "user-interface"],
    [["incident", "label", "inc-1", "perhaps"], "right"],
    [["reject", "plan-1"], "--reason"],
    [["completion", "tcsh"], "fish"],
  ])("takes %j for a mistake of usage", async (argv, expected) => {
    const { code, out, err } = await rollwatch(argv);

    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(expected);
  });

  it.each([
    [["status"]],
    [["check"]],
    [["run"]],
    [["pause", "--reason", "x"]],
    [["maintenance", "end"]],
    [["report", "user-interface", "--reason", "x"]],
    [["rollback", "--dry-run"]],
    [["approve", "plan-1"]],
    [["reject", "plan-1", "--reason", "x"]],
    [["release", "list"]],
    [["release", "capture"]],
    [["incident", "list"]],
    [["ack", "inc-1"]],
    [["config", "explain"]],
  ])("%j without any configuration says how to name one", async (argv) => {
    const environment = { ROLLWATCH_TOKEN: "token-of-somebody" };

    const { code, out, err } = await rollwatch(argv, { ports: { environment } });

    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("--config");
  });

  it("tells failures to programs as JSON", async () => {
    await configure("stat: 1\n");

    const { code, err } = await rollwatch(["config", "validate", "--json"]);

    expect(code).toBe(2);
    expect(JSON.parse(err)).toMatchObject({
      error: { code: "config-invalid", problems: [{ line: 9, path: "stat" }] },
    });
  });

  it("calls what it did not expect its own fault", async () => {
    const operations = { check: async () => Promise.reject(new Error("boom")) };

    const { code, err } = await rollwatch(["check"], { operations });

    expect(code).toBe(1);
    expect(err).toContain("boom");
    expect(err).toContain("fault of rollwatch itself");
    expect(closed).toBe(1);
  });

  it("uses --config before the environment, and known places after it", async () => {
    const given = await rollwatch(["config", "validate", "--config", "/nowhere/given.yaml"]);
    const found = await rollwatch(["config", "validate"], {
      ports: { environment: {}, exists: (path) => path === "/etc/rollwatch/rollwatch.yaml" },
    });

    expect(given.err).toContain("/nowhere/given.yaml");
    expect(found.err).toContain("/etc/rollwatch/rollwatch.yaml");
  });
});

describe("rollwatch config", () => {
  it("prints what would be loaded, for people and programs", async () => {
    await configure("database: { url: 'postgres://u:geheim@h/d' }\n");

    const yaml = await rollwatch(["config", "print"]);
    const json = await rollwatch(["config", "print", "--json"]);

    expect(yaml.out).toContain("bake: 10m");
    expect(JSON.parse(json.out)).toMatchObject({ release: { bake: "10m" } });
    expect(yaml.out + json.out).not.toContain("geheim");
  });

  it("prints the schema without needing a configuration", async () => {
    const { code, out } = await rollwatch(["config", "schema"], { ports: { environment: {} } });

    expect(code).toBe(0);
    const committed = await readFile(
      new URL("../../config/rollwatch.schema.json", import.meta.url),
      "utf8",
    );
    expect(out).toBe(committed);
  });

  it("shows every problem with its place and cure", async () => {
    await configure("stat: 1\nserver: { listen: 0.0.0.0:80 }\n");

    const { code, err } = await rollwatch(["config", "validate"]);

    expect(code).toBe(2);
    expect(err).toContain(`${file}:9:1  stat  expected a known key`);
    expect(err).toContain(`${file}:10:19  server.listen`);
    expect(err).toContain("2 problems");
  });
});

describe("rollwatch run", () => {
  it("hands the configuration to the daemon and ends as it does", async () => {
    const started: string[] = [];

    const { code } = await rollwatch(["run"], {
      ports: {
        runDaemon: async (config, host) => {
          started.push(`${config.application.name} ${host.version}`);
          return 1;
        },
      },
    });

    expect(started).toEqual(["app 9.9.9"]);
    expect(code).toBe(1);
  });

  it("does not start in the application's pm2, where other commands still work", async () => {
    const environment = { ROLLWATCH_CONFIG: file, PM2_HOME: "/home/app/.pm2" };

    const daemon = await rollwatch(["run"], { ports: { environment } });
    const check = await rollwatch(["check"], { ports: { environment } });

    expect(daemon.code).toBe(2);
    expect(daemon.err).toContain("application.pm2Home");
    expect(check.code).toBe(0);
  });
});

describe("rollwatch deploy-lock", () => {
  it("hands over the command with its own options, and ends as it does", async () => {
    const asked: unknown[] = [];

    const { code } = await rollwatch(
      ["deploy-lock", "--by", "Zoë", "--", "npm", "ci", "--by", "x"],
      {
        ports: {
          deployUnderLock: async (_config, deployment) => {
            asked.push(deployment);
            return 7;
          },
        },
      },
    );

    expect(asked).toEqual([{ by: "Zoë", command: ["npm", "ci", "--by", "x"] }]);
    expect(code).toBe(7);
  });

  it("wants a command", async () => {
    const { code } = await rollwatch(["deploy-lock"]);

    expect(code).toBe(2);
  });
});

describe("rollwatch check", () => {
  const [signal] = aCheckRound().signals;

  it.each([
    ["good", {}, 0],
    ["bad", { bad: true, value: 1 }, 1],
    // What could not be measured is not good either.
    ["probe-error", { value: null, state: "probe-error" as const }, 1],
    // What only the running daemon may ask says nothing against the application.
    ["not tried", { value: null, state: "probe-error" as const, notTried: true as const }, 0],
  ])("says %s of a value and ends accordingly", async (word, more, expected) => {
    const signals = signal === undefined ? [] : [{ ...signal, ...more }];

    const { code, out } = await rollwatch(["check"], {
      operations: { check: async () => aCheckRound({ signals }) },
    });

    expect(code).toBe(expected);
    expect(out).toMatch(new RegExp(`api-health +${word} `, "u"));
    expect(closed).toBe(1);
  });

  it("is not good while a control is red, however good the signals are", async () => {
    const detail = "pm2 is dead: nobody listens on its socket";
    const controls = [{ name: "pm2" as const, state: "red" as const, detail }];

    const { code, out } = await rollwatch(["check"], {
      operations: { check: async () => aCheckRound({ controls }) },
    });

    expect(code).toBe(1);
    expect(out).toContain(detail);
  });

  it("answers programs with everything", async () => {
    const { out } = await rollwatch(["check", "--json"]);

    expect(CheckRound.parse(JSON.parse(out))).toEqual(aCheckRound());
  });
});

describe("rollwatch rollback --dry-run", () => {
  it("shows the steps and the time, and changes nothing", async () => {
    const { code, out } = await rollwatch(["rollback", "--dry-run"]);

    expect(code).toBe(0);
    expect(out).toContain("application rollback to rel-1, about 6.3 s");
    expect(out).toContain("1. put server back (212 files)");
    expect(out).toContain("nothing was changed");
  });

  it("names every refusal and ends with the code for it", async () => {
    const asked: unknown[] = [];

    const { code, out } = await rollwatch(["rollback", "--dry-run", "--to", "rel-7"], {
      operations: {
        previewRollback: async (request) => {
          asked.push(request);
          return aPreview({ refusals: [{ guard: "cooldown", reason: "9 minutes ago" }] });
        },
      },
    });

    expect(code).toBe(3);
    expect(out).toContain("refused by cooldown: 9 minutes ago");
    expect(asked).toEqual([{ to: "rel-7" }]);
  });

  it("shows what would change of the configuration, and asks for its kinds alone", async () => {
    const asked: unknown[] = [];
    const argv = ["rollback", "--dry-run", "--scope", "configuration", "--kind", "environment"];

    const { out } = await rollwatch(argv, {
      operations: {
        previewRollback: async (request) => {
          asked.push(request);
          return aPreview({
            scope: "configuration",
            configuration: [
              { kind: "definition", name: "web env POOL", change: "changed", detail: "5 -> 20" },
              { kind: "definition", name: "web env NEW_FLAG", change: "removed", detail: "on" },
            ],
          });
        },
      },
    });

    expect(asked).toEqual([{ scope: "configuration", kinds: ["environment"] }]);
    expect(out).toContain("configuration rollback to rel-1");
    expect(out).toContain("what changes\n  ~ web env POOL  5 -> 20\n  - web env NEW_FLAG  on\n");
  });

  it("fails when there is nothing to go back to", async () => {
    const { code, err } = await rollwatch(["rollback", "--dry-run"], {
      operations: { previewRollback: async () => aPreview({ target: null, steps: [] }) },
    });

    expect(code).toBe(1);
    expect(err).toContain("no proven release");
  });

  it("answers programs with everything", async () => {
    const { out } = await rollwatch(["rollback", "--dry-run", "--json"]);

    expect(RollbackPreview.parse(JSON.parse(out))).toEqual(aPreview());
  });
});

describe("rollwatch status", () => {
  it("asks the daemon on its socket", async () => {
    const { code, out } = await withDaemon(aStatus(), ["status"]);

    expect(code).toBe(0);
    expect(out).toContain("radiation-health  healthy");
    expect(out).toContain("deployed: v1.4.0, commit aaaaaaaaaaaa, since 1 h 0 min ago");
    expect(out).toMatch(/rel-1 +proven +ready/u);
    expect(out).toMatch(/inc-1 +system-down +began 2 h 0 min ago +rolled-back/u);
  });

  it.each([
    [
      {
        kind: "ready",
        name: "rollwatch_snap_1",
        at: 1_799_999_000_000,
        how: "online",
        seconds: 21,
      },
      "warm database rollwatch_snap_1, online, of",
    ],
    [{ kind: "none", reason: "role app may create no database" }, "no warm database: role app may"],
  ] as const)("says which database waits, or why none does: %j", async (warm, said) => {
    const releases = aStatus().releases.map((one) => ({ ...one, warm }));

    const { out } = await withDaemon(aStatus({ releases }), ["status"]);

    expect(out).toContain(said);
  });

  it("shows a rollback that is on its way, with what was decided and why", async () => {
    const guards = [{ guard: "cooldown", answer: "allow", reason: "none yet" } as const];
    const decisions = [
      { kind: "roll-back", at: 1, reason: "the release is the cause", guards } as const,
    ];
    const openIncident = anIncidentReport({
      id: "inc-2",
      closed: null,
      decisions: decisions.map((one) => ({ ...one, guards })),
    });
    const rollback = {
      plan: "plan-2",
      incident: "inc-2",
      target: "rel-1",
      startedAt: 1_799_999_990_000,
      deadline: 1_800_000_200_000,
      step: "switch:server",
      stepsDone: 3,
      stepsTotal: 9,
    };

    const { out } = await withDaemon(aStatus({ openIncident, rollback }), ["status"]);

    expect(out).toContain(
      "to rel-1: 3 of 9 steps done, switch:server, 3 min 20 s of the budget left",
    );
    expect(out).toContain("decided: roll-back, the release is the cause");
    expect(out).toContain("allow  cooldown: none yet");
  });

  it("answers programs with everything, and nobody in a pipe with colours", async () => {
    const json = await withDaemon(aStatus(), ["status", "--json"]);
    const piped = await withDaemon(aStatus(), ["status"]);

    expect(Status.parse(JSON.parse(json.out))).toEqual(aStatus());
    expect(piped.out).not.toContain("\u001B[");
  });

  it("is coloured on a terminal unless NO_COLOR is set", async () => {
    const environment = { ROLLWATCH_CONFIG: file, NO_COLOR: "1" };

    const coloured = await withDaemon(aStatus(), ["status"], { ports: { isTerminal: true } });
    const plain = await withDaemon(aStatus(), ["status"], {
      ports: { isTerminal: true, environment },
    });

    expect(coloured.out).toContain("\u001B[32mhealthy");
    expect(plain.out).not.toContain("\u001B[");
  });

  it("says that nothing is proven while a signal cannot be read, and which", async () => {
    const [signal] = aStatus().signals;
    const signals = ["pool", "errors"].map((name) => ({ ...signal, name }));
    const blind = Status.parse({
      ...aStatus(),
      signals: [...signals.map((one) => ({ ...one, state: "probe-error", value: null })), signal],
    });

    const { out } = await withDaemon(blind, ["status"]);
    const well = await withDaemon(aStatus(), ["status"]);

    expect(out).toContain("blind: no release is proven while pool, errors cannot be read");
    expect(well.out).not.toContain("no release is proven");
  });

  it("shows what keeps rollwatch from acting, and what waits for whom", async () => {
    const at = 1_800_000_000_000 - 600_000;
    const paused = { by: "ada", reason: "load test", at, until: at + 1_200_000 };
    const maintenance = { by: "bob", reason: "disks", at, until: null };
    const waiting = {
      plan: "plan-3",
      roles: ["database-administrator", "system-administrator"] as const,
      given: 1,
      expiresAt: at + 900_000,
      beginsAt: null,
    };

    const { out } = await withDaemon(
      aStatus({ paused, maintenance, waiting: { ...waiting, roles: [...waiting.roles] } }),
      ["status"],
    );

    expect(out).toContain("paused by ada 10 min ago, for another 10 min: load test");
    expect(out).toContain("maintenance by bob 10 min ago, until taken back: disks");
    expect(out).toContain(
      "waiting for database-administrator and system-administrator, 1 approved, for another 5 min: rollwatch approve plan-3",
    );
  });

  it.each([
    [720_000, "in 2 min"],
    [600_000, "now"],
  ])("tells how a plan is counted down, %i ms after its beginning", async (afterMs, soon) => {
    const at = 1_800_000_000_000 - 600_000;
    const waiting = {
      plan: "plan-3",
      roles: ["system-administrator" as const],
      given: 0,
      expiresAt: at + 900_000,
      beginsAt: at + afterMs,
    };

    const { out } = await withDaemon(aStatus({ waiting }), ["status"]);

    expect(out).toContain(`begins ${soon} unless somebody stops it: rollwatch reject plan-3`);
  });

  it("says plainly when there is no daemon", async () => {
    const { code, out, err } = await rollwatch(["status"]);

    expect(code).toBe(1);
    expect(out).toBe("");
    expect(err).toContain(`no daemon answers on ${folder}/rollwatch.sock`);
    expect(err).toContain("rollwatch run");
  });

  it("does not believe just anybody on the socket", async () => {
    const other = createServer((_request, response) => response.end('{"application":"x"}'));
    await new Promise<void>((resolve) => {
      other.listen(join(folder, "rollwatch.sock"), resolve);
    });

    const { code, err } = await rollwatch(["status"]);

    expect(code).toBe(1);
    expect(err).toContain("another version's words");
    other.closeAllConnections();
    await new Promise((resolve) => {
      other.close(resolve);
    });
  });
});
