import { once } from "node:events";
import { appendFile, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApi } from "../../src/api/server.ts";
import type { GuardReading } from "../../src/model/deployment-guard.ts";
import type { FollowUps } from "../../src/model/after-action.ts";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import { type Actions, PlanReport } from "../../src/model/actions.ts";
import { Failure } from "../../src/model/failure.ts";
import type { Operations } from "../../src/model/operations.ts";
import type { TriggerRecord } from "../../src/model/record.ts";
import { aPlanReport, anEndedPlan, fakeActions } from "../support/fakes/actions.ts";
import {
  aDoctorReport,
  anAside,
  anIncidentReport,
  aPreview,
  aReleaseDetails,
  aReleaseDifference,
  aStatus,
  fakeOperations,
} from "../support/fakes/operations.ts";
import { aTeam, servedPorts, TOKENS } from "../support/served.ts";
import { aReplayReport } from "../support/replayed.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface World {
  readonly actions?: Partial<Actions>;
  readonly operations?: Partial<Operations>;
  readonly ports?: Partial<CliPorts>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const OPERATOR = { roles: [], access: ["read", "acknowledge", "administer", "signal"] };
const AT_TERMINAL = { isTerminal: true, canAsk: true } as const;

let folder = "";
let calls: (readonly unknown[])[] = [];
let questions: string[] = [];
let opened = 0;
let closed = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwH-"));
  calls = [];
  questions = [];
  opened = 0;
  closed = 0;
  const contacts = aTeam().map((one) => JSON.stringify(one));
  await writePrivate(
    "rollwatch.yaml",
    `application:
  name: app
  root: /srv/app
  pm2Home: /home/app/.pm2
  services: [{ name: web }]
  artifacts: [dist]
signals: [{ name: health, trigger: system-down, probe: { kind: pm2 } }]
state: ${folder}
people: { contacts: [${contacts.join(", ")}] }
`,
  );
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function writePrivate(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

async function close(): Promise<void> {
  closed += 1;
}

/** Runs a command where no daemon is. */
async function alone(argv: readonly string[], world: World = {}): Promise<Outcome> {
  let out = "";
  let err = "";
  const fake = fakeActions(world.actions);
  const operations = fakeOperations(world.operations);
  const ports: CliPorts = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    environment: {
      ROLLWATCH_CONFIG: join(folder, "rollwatch.yaml"),
      USER: "mia",
      ...world.environment,
    },
    isTerminal: false,
    canAsk: false,
    ask: async (question) => {
      questions.push(question);
      return "";
    },
    sleep: async () => undefined,
    host: { version: "9.9.9", pid: 1, nodeVersion: "v20.20.2", announceReady: () => undefined },
    now: () => 1_800_000_000_000,
    exists: () => false,
    openOperations: async () => ({ operations, close }),
    openActions: async () => {
      opened += 1;
      return { actions: fake.actions, operations, close };
    },
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
  const code = await runCli(argv, ports, world.signal ?? new AbortController().signal);
  calls = [...calls, ...fake.calls];
  return { code, out, err };
}

/** Runs a command while a daemon listens; the command's own actions must not be reached. */
async function withDaemon(argv: readonly string[], world: World = {}): Promise<Outcome> {
  const fake = fakeActions(world.actions);
  const operations = fakeOperations(world.operations);
  const api = await openApi(servedPorts({ actions: fake.actions, operations }), {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
  });
  try {
    const { actions: _actions, operations: _operations, ...rest } = world;
    const outcome = await alone(argv, rest);
    calls = [...calls, ...fake.calls];
    expect(opened).toBe(0);
    return outcome;
  } finally {
    await api.close();
  }
}

const MIA = { ...OPERATOR, name: "mia" };
const ASIDE = "radiation_aside_1800000000000";
const PLAIN = [
  [
    ["pause", "--for", "2h", "--reason", "load"],
    ["pause", { reason: "load", forMs: 7_200_000 }],
  ],
  [
    ["pause", "--reason", "load"],
    ["pause", { reason: "load", forMs: null }],
  ],
  [["resume"], ["resume"]],
  [
    ["maintenance", "start", "--for", "90m", "--reason", "disks"],
    ["startMaintenance", { reason: "disks", forMs: 5_400_000 }],
  ],
  [["maintenance", "end"], ["endMaintenance"]],
  [
    ["report", "user-interface", "--reason", "blank"],
    ["report", { trigger: "user-interface", reason: "blank" }],
  ],
  [
    ["ack", "inc-1"],
    ["acknowledge", "inc-1"],
  ],
  [
    ["incident", "note", "inc-1", "the", "vendor"],
    ["note", "inc-1", { text: "the vendor" }],
  ],
  [
    ["incident", "done", "inc-1", "find-cause"],
    ["finishTask", "inc-1", { task: "find-cause" }],
  ],
  [
    ["incident", "label", "inc-1", "wrong"],
    ["label", "inc-1", { label: "wrong" }],
  ],
  [
    ["incident", "close", "inc-1", "--reason", "over"],
    ["close", "inc-1", { reason: "over" }],
  ],
  [["release", "capture"], ["capture"]],
  [
    ["release", "prune"],
    ["prune", {}],
  ],
  [
    ["release", "prune", "--dry-run"],
    ["prune", { dryRun: true }],
  ],
  [
    ["release", "mark", "rel-1", "--security-floor", "--reason", "CVE-2026-1"],
    ["markRelease", "rel-1", { securityFloor: true, reason: "CVE-2026-1" }],
  ],
  [
    ["release", "unmark", "rel-1"],
    ["unmarkRelease", "rel-1"],
  ],
  [
    ["database", "aside", "drop", ASIDE, "--oid", "16500", "--reason", "over"],
    ["dropAside", "16500", { reason: "over" }],
  ],
] as const;

describe("a command that acts", () => {
  it.each(PLAIN)("goes to the daemon: %j", async (argv, call) => {
    const { code, err } = await withDaemon(argv);

    expect(err).toBe("");
    expect(code).toBe(0);
    expect(calls).toEqual([[...call, MIA]]);
  });

  it.each(PLAIN)("acts itself while there is no daemon: %j", async (argv, call) => {
    const { code } = await alone(argv);

    expect(code).toBe(0);
    expect(calls).toEqual([[...call, MIA]]);
    expect([opened, closed]).toEqual([1, 1]);
  });

  it.each(PLAIN)("answers programs with one JSON value: %j", async (argv) => {
    const { out } = await withDaemon([...argv, "--json"]);

    expect(JSON.parse(out)).toBeTypeOf("object");
  });

  it.each([
    ["--by", ["--by", "Zoë"], {}, { ...OPERATOR, name: "Zoë" }],
    ["the account", [], { USER: "bob" }, { ...OPERATOR, name: "bob" }],
    ["a strange account", [], { USER: "HOST\\bob" }, { ...OPERATOR, name: "HOST_bob" }],
    ["no account", [], { USER: "" }, { ...OPERATOR, name: "operator" }],
    ["a contact's name", ["--by", "Ada"], {}, { ...OPERATOR, name: "Ada (no token)" }],
    ["a token", ["--by", "eve"], { ROLLWATCH_TOKEN: TOKENS.linus }, { ...OPERATOR, name: "Linus" }],
  ])("is asked by %s, with a daemon and without", async (_who, more, environment, expected) => {
    await withDaemon(["resume", ...more], { environment });
    await alone(["resume", ...more], { environment });

    expect(calls).toEqual([
      ["resume", expected],
      ["resume", expected],
    ]);
  });

  it("tells the daemon's problem as its own, with its code", async () => {
    const actions = {
      pause: async () => {
        throw new Failure("refused", "it is paused already", { hint: "rollwatch resume" });
      },
    };

    const { code, out, err } = await withDaemon(["pause", "--reason", "x", "--json"], { actions });

    expect(code).toBe(3);
    expect(out).toBe("");
    expect(JSON.parse(err)).toEqual({
      error: { code: "refused", message: "it is paused already", hint: "rollwatch resume" },
    });
  });

  it("does not act in the place of a daemon that is there and fails", async () => {
    const actions = {
      pause: async () => {
        throw new Error("boom");
      },
    };

    const { code } = await withDaemon(["pause", "--reason", "x"], { actions });

    expect(code).toBe(1);
    expect(opened).toBe(0);
  });

  it("does not act in the place of one that is there and answers nothing", async () => {
    const dumb = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => {
      dumb.listen(join(folder, "rollwatch.sock"), resolve);
    });

    const { code, err } = await alone(["pause", "--reason", "x"]);

    expect(code).toBe(1);
    expect(err).toContain("no daemon answers");
    expect(opened).toBe(0);
    await new Promise((resolve) => {
      dumb.close(resolve);
    });
  });

  it("lets go of the locks when it fails", async () => {
    const actions = {
      pause: async () => {
        throw new Failure("refused", "no", { hint: "-" });
      },
    };

    const { code } = await alone(["pause", "--reason", "x"], { actions });

    expect(code).toBe(3);
    expect(closed).toBe(1);
  });
});

describe("rollwatch approve", () => {
  const environment = { ROLLWATCH_TOKEN: TOKENS.ada };

  it.each([
    ["with a daemon", withDaemon],
    ["without one", alone],
  ])("shows the plan, and approves that plan and no other, %s", async (_how, run) => {
    const { code, out } = await run(["approve", "plan-1"], { environment });

    expect(code).toBe(0);
    expect(out).toContain("application rollback to rel-1");
    expect(out).toContain("1. put server back (212 files)");
    expect(out).toContain("approved; see");
    expect(calls).toEqual([
      ["plan", "plan-1"],
      ["approve", "plan-1", { hash: aPlanReport().hash }, expect.objectContaining({ name: "Ada" })],
    ]);
  });

  it("decides alone with a reason, where it is asked to", async () => {
    const { code } = await withDaemon(["approve", "plan-1", "--override", "nobody is here"], {
      environment,
    });

    expect(code).toBe(0);
    expect(calls).toContainEqual([
      "approve",
      "plan-1",
      { hash: aPlanReport().hash, override: "nobody is here" },
      expect.objectContaining({ name: "Ada" }),
    ]);
  });

  it("ends with 4 while another role must approve, and names it", async () => {
    const approval = {
      roles: ["database-administrator" as const, "system-administrator" as const],
      everyRole: true,
      askedAt: 1,
      expiresAt: 1_800_000_900_000,
      countdownMs: null,
      given: [{ by: "Ada", role: "system-administrator" as const, at: 2 }],
      rejected: null,
    };
    const actions = { approve: async () => aPlanReport({ approval }) };

    const { code, out } = await withDaemon(["approve", "plan-1"], { environment, actions });

    expect(code).toBe(4);
    expect(out).toContain("still waits for database-administrator\n");
  });

  it.each([
    ["with a daemon", withDaemon],
    ["without one", alone],
  ])("asks nothing of rollwatch without a token, %s", async (_how, run) => {
    const { code, err } = await run(["approve", "plan-1"]);

    expect(code).toBe(3);
    expect(err).toContain("--token-file");
    expect(calls).toEqual([]);
  });

  it.each([
    ["nobody's, with a daemon", withDaemon, "nobody-0123456789", "nobody's"],
    ["nobody's, without one", alone, "nobody-0123456789", "nobody's"],
    ["of one who may not, with a daemon", withDaemon, TOKENS.grace, "access: [approve]"],
    ["of one who may not, without one", alone, TOKENS.grace, "access: [approve]"],
  ])("is refused to a token that is %s", async (_how, run, token, expected) => {
    const { code, err } = await run(["approve", "plan-1"], {
      environment: { ROLLWATCH_TOKEN: token },
    });

    expect(code).toBe(3);
    expect(err).toContain(expected);
    expect(err).not.toContain(token);
    expect(calls.filter(([name]) => name === "approve")).toEqual([]);
  });

  it("reads the token from a file that is the owner's alone", async () => {
    const file = await writePrivate("token", `${TOKENS.ada}\n`);
    const exposed = await writePrivate("exposed", TOKENS.ada, 0o640);
    const empty = await writePrivate("empty", "\n");

    const good = await withDaemon(["approve", "plan-1", "--token-file", file]);
    const bad = await withDaemon(["approve", "plan-1", "--token-file", exposed]);
    const none = await withDaemon(["approve", "plan-1", "--token-file", empty]);
    const away = await withDaemon(["approve", "plan-1", "--token-file", join(folder, "away")]);

    expect([good.code, bad.code, none.code, away.code]).toEqual([0, 2, 2, 2]);
    expect(bad.err).toContain(`chmod 600 ${exposed}`);
  });

  it.each([
    ["n", 1, false],
    ["", 1, false],
    ["y", 0, true],
    ["YES", 0, true],
  ])("asks a person at a terminal, and takes %j so", async (answer, code, isApproved) => {
    const ports = { ...AT_TERMINAL, ask: async () => answer };

    const outcome = await withDaemon(["approve", "plan-1"], { environment, ports });

    expect(outcome.code).toBe(code);
    expect(calls.some(([name]) => name === "approve")).toBe(isApproved);
  });
});

describe("rollwatch reject", () => {
  it("takes a person's no with its reason", async () => {
    const { code, out } = await withDaemon(["reject", "plan-1", "--reason", "upstream"], {
      environment: { ROLLWATCH_TOKEN: TOKENS.ada },
    });

    expect(code).toBe(0);
    expect(out).toContain("rejected plan-1");
    expect(calls.at(-1)?.slice(0, 3)).toEqual(["reject", "plan-1", { reason: "upstream" }]);
  });
});

describe("rollwatch database aside drop", () => {
  const argv = ["database", "aside", "drop", ASIDE, "--reason", "over"];

  it.each([
    ["radiation", 1, false],
    ["", 1, false],
    [` ${ASIDE} `, 0, true],
  ])("asks a person for the name again, and takes %j so", async (answer, code, isDropped) => {
    const ports = { ...AT_TERMINAL, ask: async () => answer };

    const outcome = await withDaemon(argv, { ports });

    expect(outcome.code).toBe(code);
    expect(calls.some(([name]) => name === "dropAside")).toBe(isDropped);
  });

  it.each([
    ["no OID where nobody can be asked", [], 2, "add --oid 16500"],
    ["another OID", ["--oid", "16501"], 2, "has OID 16500, not 16501"],
  ])("does nothing with %s", async (_what, more, code, told) => {
    const outcome = await withDaemon([...argv, ...more]);

    expect([outcome.code, outcome.err]).toEqual([code, expect.stringContaining(told)]);
    expect(calls).toEqual([]);
  });

  it("does nothing to a database that rollwatch has not kept", async () => {
    const stranger = ["database", "aside", "drop", "postgres", "--oid", "5", "--reason", "x"];

    const outcome = await withDaemon(stranger);

    expect([outcome.code, outcome.err]).toEqual([3, expect.stringContaining("keeps no database")]);
    expect(calls).toEqual([]);
  });
});

describe("rollwatch database aside list and show", () => {
  it("tell where each kept database is by now", async () => {
    const asides = [anAside(), anAside({ name: "old", oid: 5, state: "gone", bytes: null })];
    const operations = { asides: async () => asides };

    const list = await withDaemon(["database", "aside", "list"], { operations });
    const show = await withDaemon(["database", "aside", "show"], { operations });
    const none = await withDaemon(["database", "aside", "list"], {
      operations: { asides: async () => [] },
    });

    expect(list.out).toContain(`${ASIDE}  kept  7MiB  was radiation until 2027`);
    expect(list.out).toContain("gone  -");
    expect(show.out).toContain("oid: 16500");
    expect(none.out).toBe("no database is kept\n");
  });
});

describe("rollwatch database undo", () => {
  it("asks for the newest kept database's return, and never takes --yes for an answer", async () => {
    const outcome = await withDaemon(["database", "undo", "--reason", "as agreed"]);
    const yes = await withDaemon(["database", "undo", "--reason", "as agreed", "--yes"]);

    expect(outcome.err).toBe("");
    expect(calls[0]).toEqual([
      "rollback",
      { scope: "database", aside: ASIDE, reason: "as agreed" },
      MIA,
    ]);
    expect(yes.code).toBe(2);
  });

  it("has nothing to put back where none is kept", async () => {
    const asides = [anAside({ state: "gone" })];

    const outcome = await withDaemon(["database", "undo", "--reason", "x"], {
      operations: { asides: async () => asides },
    });

    expect([outcome.code, outcome.err]).toEqual([
      3,
      expect.stringContaining("no database is kept"),
    ]);
    expect(calls).toEqual([]);
  });
});

describe("rollwatch rollback", () => {
  const argv = ["rollback", "--reason", "orders are lost", "--yes"];

  it.each([
    ["completed", 5, "rolled back to rel-1: verified"],
    ["cancelled", 3, "cancelled: verified"],
    ["needs-human", 1, "needs-human: verified"],
  ])("that is %s ends with %i, quietly in a pipe", async (result, code, expected) => {
    const outcome = await withDaemon(argv, { actions: { plan: async () => anEndedPlan(result) } });

    expect(outcome.code).toBe(code);
    expect(outcome.out).toBe(`${expected}\n`);
    expect(calls[0]).toEqual([
      "rollback",
      { scope: "application", reason: "orders are lost" },
      MIA,
    ]);
  });

  it("restarts services by name, which is no rollback", async () => {
    const ended = { ...anEndedPlan("completed"), scope: "service" as const, target: null };

    const { code, out } = await withDaemon(
      [...argv, "--scope", "service", "--service", "web", "worker"],
      { actions: { plan: async () => ended } },
    );

    expect(code).toBe(0);
    expect(out).toBe("services restarted: verified\n");
    expect(calls[0]?.[1]).toEqual({
      scope: "service",
      services: ["web", "worker"],
      reason: "orders are lost",
    });
  });

  it("takes along what depends on a service, and configuration by its kinds", async () => {
    const ended = { actions: { plan: async () => anEndedPlan("completed") } };

    await withDaemon([...argv, "--scope", "service", "--service", "web", "--dependents"], ended);
    await withDaemon([...argv, "--scope", "configuration", "--kind", "database"], ended);

    expect(calls.flatMap(([what, request]) => (what === "rollback" ? [request] : []))).toEqual([
      { scope: "service", services: ["web"], dependents: true, reason: "orders are lost" },
      { scope: "configuration", kinds: ["database"], reason: "orders are lost" },
    ]);
  });

  it("is followed to its end, with each step once on a terminal", async () => {
    let asked = 0;
    const step = { id: "switch:server", text: "put server back", startedAt: 1, finishedAt: 2 };
    const recovery = {
      plan: "plan-1",
      scope: "application" as const,
      target: "rel-1",
      requestedBy: "mia",
      plannedAt: 1,
      deadline: 2,
      attempts: [1],
      stepsTotal: 2,
      verification: null,
      ended: null,
    };
    const outcome = await withDaemon(argv, {
      ports: { isTerminal: true },
      actions: {
        plan: async () => {
          asked += 1;
          return asked < 4 ? aPlanReport({ state: "running" }) : anEndedPlan("completed");
        },
      },
      operations: {
        incident: async () =>
          anIncidentReport({
            recoveries: [
              {
                ...recovery,
                steps: [
                  { ...step, outcome: { kind: "done", detail: "" } },
                  ...(asked < 3
                    ? []
                    : [{ ...step, text: "start", outcome: { kind: "done" as const, detail: "" } }]),
                ],
              },
            ],
          }),
      },
    });

    expect(outcome.out.match(/put server back: done/gu)).toHaveLength(1);
    expect(outcome.out).toContain("[1/2] put server back: done\n  [2/2] start: done\n");
    expect(outcome.code).toBe(5);
  });

  it("goes on when the command that follows it is ended", async () => {
    const controller = new AbortController();
    const outcome = await withDaemon(argv, {
      signal: controller.signal,
      actions: { plan: async () => aPlanReport({ state: "running" }) },
      ports: {
        sleep: async (_ms, signal) => {
          controller.abort(new Error("SIGINT"));
          signal.throwIfAborted();
        },
      },
    });

    expect(outcome.code).toBe(1);
    expect(outcome.err).toContain("goes on");
    expect(outcome.err).not.toContain("fault of rollwatch");
  });

  it("is followed through the daemon's restart", async () => {
    let away = 0;
    const { code } = await alone(argv, {
      actions: {
        plan: async () => {
          away += 1;
          if (away < 3) {
            const cause = Object.assign(new Error("gone"), { code: "ECONNREFUSED" });
            throw new Failure("no-daemon", "nobody answers", { hint: "-", cause });
          }
          return anEndedPlan("completed");
        },
      },
    });

    expect(code).toBe(5);
    expect(away).toBe(3);
  });

  it("is given up when the daemon stays away", async () => {
    const cause = Object.assign(new Error("gone"), { code: "ENOENT" });
    const { code, err } = await alone(argv, {
      actions: {
        plan: async () => {
          throw new Failure("no-daemon", "nobody answers", { hint: "-", cause });
        },
      },
    });

    expect(code).toBe(1);
    expect(err).toContain("nobody answers");
  });

  it("that waits for approval ends with 4", async () => {
    const { code, out } = await withDaemon(argv);

    expect(code).toBe(4);
    expect(out).toContain("rollwatch approve plan-1");
  });

  it("that a guard refuses ends with 3", async () => {
    const { code, err } = await withDaemon(argv, {
      actions: {
        rollback: async () => {
          throw new Failure("refused", "a deployment runs", { hint: "wait for it" });
        },
      },
    });

    expect(code).toBe(3);
    expect(err).toContain("a deployment runs");
    expect(err).toContain("-> wait for it");
  });

  it.each([
    ["y", 5, true],
    ["", 1, false],
  ])("shows its plan first and asks, and takes %j so", async (answer, code, isBegun) => {
    let shown = "";
    const outcome = await withDaemon(["rollback", "--reason", "x"], {
      ports: { ...AT_TERMINAL, ask: async () => answer, out: (text) => (shown += text) },
      actions: { plan: async () => anEndedPlan("completed") },
    });

    expect(outcome.code).toBe(code);
    expect(shown.indexOf("1. put server back")).toBeGreaterThan(-1);
    expect(calls.some(([name]) => name === "rollback")).toBe(isBegun);
  });

  it("never begins with nothing to go back to, whatever is answered", async () => {
    const { code, err } = await withDaemon(["rollback", "--reason", "x"], {
      ports: { ...AT_TERMINAL, ask: async () => "y" },
      operations: { previewRollback: async () => aPreview({ target: null, steps: [] }) },
    });

    expect(code).toBe(1);
    expect(err).toContain("no proven release");
    expect(calls).toEqual([]);
  });

  it("is done without a daemon, too", async () => {
    const { code, out } = await alone([...argv, "--json"], {
      actions: { plan: async () => anEndedPlan("completed") },
    });

    expect(code).toBe(5);
    expect(PlanReport.parse(JSON.parse(out)).ended?.result).toBe("completed");
    expect(closed).toBe(1);
  });
});

describe("rollwatch release capture --warm", () => {
  it.each([
    ["with a daemon", withDaemon],
    ["without one", alone],
  ])("captures and makes the warm database, %s", async (_how, run) => {
    const { code, out } = await run(["release", "capture", "--warm"]);
    const json = await run(["release", "capture", "--warm", "--json"]);

    expect(code).toBe(0);
    expect(out).toBe("captured rel-9\nits warm database is rollwatch_snap_1, clone in 2.0 s\n");
    expect(calls.slice(0, 2)).toEqual([
      ["capture", MIA],
      ["warmRelease", "rel-9", MIA],
    ]);
    expect(JSON.parse(json.out)).toMatchObject({ release: "rel-9", warm: { kind: "ready" } });
  });

  it("says on a terminal that it goes on, until it is over", async () => {
    const told = new AbortController();
    let ticks = 0;
    const { err } = await alone(["release", "capture", "--warm"], {
      actions: {
        warmRelease: async () => {
          await once(told.signal, "abort");
          return { kind: "none", reason: "it is gone again" };
        },
      },
      ports: {
        isTerminal: true,
        sleep: async (_ms, signal) => {
          ticks += 1;
          if (ticks > 2) {
            told.abort();
            await once(signal, "abort");
          }
          signal.throwIfAborted();
        },
      },
    });

    expect(err.match(/its database is being copied/gu)).toHaveLength(2);
  });

  it("ends with who is connected where it is refused", async () => {
    const { code, err } = await withDaemon(["release", "capture", "--warm"], {
      actions: {
        warmRelease: async () => {
          throw new Failure("refused", "others use it: app psql", { hint: "End them." });
        },
      },
    });

    expect(code).toBe(3);
    expect(err).toContain("others use it: app psql");
  });
});

describe("rollwatch release", () => {
  it.each([
    ["with a daemon", withDaemon],
    ["without one", alone],
  ])("lists, shows and compares, %s", async (_how, run) => {
    const list = await run(["release", "list"]);
    const json = await run(["release", "list", "--json"]);
    const show = await run(["release", "show", "rel-1", "--json"]);
    const text = await run(["release", "show", "rel-1"]);
    const diff = await run(["release", "diff", "rel-1", "rel-2", "--json"]);
    const told = await run(["release", "diff", "rel-1"]);

    expect(list.out).toMatch(/rel-1 +proven +ready +aaaaaaaaaaaa, captured 1 h 0 min ago/u);
    expect(JSON.parse(json.out)).toEqual({ releases: aStatus().releases });
    expect(JSON.parse(show.out)).toEqual(aReleaseDetails());
    expect(text.out).toContain("interpreter: v20.20.2");
    expect(JSON.parse(diff.out)).toEqual(aReleaseDifference());
    expect(told.out).toBe(
      "from rel-1 to deployed\nartefacts\n  dist: 0 files added, 0 removed, 1 changed\n  ~ dist/main.js  212 bytes\n",
    );
  });

  it("says when there is no release of an id", async () => {
    const { code, err } = await withDaemon(["release", "show", "rel-none"]);

    expect(code).toBe(1);
    expect(err).toContain("there is no release rel-none");
  });

  const [release] = aStatus().releases;

  it.each([
    ["all are whole", {}, [], 0],
    ["one is not ready", { ready: false, problems: ["dist changed"] }, [], 1],
    ["one cannot be read", {}, [{ id: "rel-0", reason: "no manifest" }], 1],
  ])("verifies: %s", async (_how, more, unreadable, expected) => {
    const releases = release === undefined ? [] : [{ ...release, ...more }];

    const { code, out } = await withDaemon(["release", "verify", "rel-1"], {
      actions: { verifyReleases: async () => ({ releases, unreadable }) },
    });

    expect(code).toBe(expected);
    expect(out).toContain("rel-1");
    expect(calls).toEqual([["verifyReleases", { release: "rel-1" }]]);
  });
});

describe("rollwatch incident", () => {
  it("shows what is to be done, what is overdue, and who did the rest", async () => {
    const task = {
      id: "find-cause",
      stage: "cause",
      text: "why",
      dueAt: 1_799_999_990_000,
    } as const;
    const done = { by: "rollwatch", at: 1_799_999_980_000, how: "tag v1" };
    const item = { id: "tag-commit", text: "tag it", done };
    const found: FollowUps = {
      tasks: [{ ...task, done: null }],
      checklists: [{ name: "during", items: [item] }],
    };
    const asked: string[] = [];
    async function followUps(_config: unknown, id: string): Promise<FollowUps> {
      asked.push(id);
      return found;
    }
    const world = { ports: { followUps } };

    const shown = await alone(["incident", "tasks", "inc-1"], world);
    const json = await alone(["incident", "tasks", "inc-1", "--json"], world);

    expect(shown.out).toMatch(/\[ \] +find-cause +why +overdue since 2027-01-15 07:59:50 UTC/u);
    expect(shown.out).toMatch(/\[x\] +tag-commit +tag it +rollwatch, 2027.*: tag v1/u);
    expect(JSON.parse(json.out)).toEqual(found);
    expect(asked).toEqual(["inc-1", "inc-1"]);
  });

  it("exports the report that was asked for, as JSON for programs", async () => {
    const asked: unknown[] = [];
    async function exportIncident(_config: unknown, order: unknown): Promise<string> {
      asked.push(order);
      return "# it";
    }
    const world = { ports: { exportIncident } };
    const command = ["incident", "export", "inc-1"];

    const plain = await alone(command, world);
    await alone([...command, "--headings", "pagerduty", "--json"], world);
    const wrong = await alone([...command, "--format", "pdf"], world);

    expect(plain.out).toBe("# it");
    expect(wrong.code).toBe(2);
    expect(asked).toEqual([
      { id: "inc-1", format: "markdown", headings: "runbook" },
      { id: "inc-1", format: "json", headings: "pagerduty" },
    ]);
  });

  it("lists and shows, with what was decided and said", async () => {
    const incident = anIncidentReport({
      notes: [{ by: "Ada", at: 1_799_999_990_000, text: "the vendor was told" }],
      acknowledged: { by: "Bob", at: 1_799_999_980_000 },
    });
    const operations = { incidents: async () => [incident], incident: async () => incident };

    const list = await withDaemon(["incident", "list"], { operations });
    const show = await withDaemon(["incident", "show", "inc-1"], { operations });
    const json = await withDaemon(["incident", "show", "inc-1", "--json"], { operations });

    expect(list.out).toMatch(/inc-1 +system-down +began 2 h 0 min ago +rolled-back/u);
    expect(show.out).toContain("Ada: the vendor was told");
    expect(show.out).toContain("acknowledged by Bob");
    expect(JSON.parse(json.out)).toEqual(incident);
  });

  it("says when there is none of an id", async () => {
    const { code, err } = await withDaemon(["incident", "show", "inc-none"]);

    expect(code).toBe(1);
    expect(err).toContain("rollwatch incident list");
  });
});

describe("rollwatch record", () => {
  const LABELLED: TriggerRecord = {
    trigger: "slow-responses",
    mode: "shadow",
    incidents: 5,
    wouldAct: 4,
    right: 2,
    wrong: 1,
    unlabelled: 2,
    missed: 1,
    precision: 2 / 3,
    recall: 2 / 3,
    detectSeconds: 12.5,
    recoverSeconds: null,
  };
  const triggers: TriggerRecord[] = [{ ...LABELLED, trigger: "system-down" }, LABELLED];
  const operations: Partial<Operations> = { record: async () => ({ triggers }) };

  it.each([
    ["a daemon", withDaemon],
    ["none", alone],
  ])("tells each trigger in a row, by %s", async (_where, run) => {
    const ports: Partial<CliPorts> = {
      openOperations: async () => ({ operations: fakeOperations(operations), close }),
    };
    const { code, out } = await run(["record"], { operations, ports });

    const [head, ...rows] = out.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(head).toMatch(/^ *trigger +mode +incidents +would act +right +wrong /u);
    expect(rows.map((row) => row.trim().split(/ {2,}/u))).toEqual([
      ["system-down", "shadow", "5", "4", "2", "1", "2", "1", "66.7 %", "66.7 %", "12.5 s", "-"],
      ["slow-responses", "shadow", "5", "4", "2", "1", "2", "1", "66.7 %", "66.7 %", "12.5 s", "-"],
    ]);
  });

  it("tells one trigger alone, to people and to programs", async () => {
    const argv = ["record", "--trigger", "slow-responses", "--json"];

    const { out } = await withDaemon(argv, { operations });

    expect(JSON.parse(out)).toEqual({ triggers: [LABELLED] });
  });

  it("says that there were no incidents yet, and refuses a trigger that there is not", async () => {
    const none = await withDaemon(["record"]);
    const strange = await withDaemon(["record", "--trigger", "slow"]);

    expect(none).toMatchObject({ code: 0, out: "no incidents yet\n" });
    expect(strange).toMatchObject({ code: 2, out: "" });
  });
});

describe("`rollwatch guard` without a daemon", () => {
  const BAD = { kind: "bad", detail: "it answered 500" } as const;
  const ASKED = ["guard", "--for", "1m", "--url", "http://127.0.0.1:1/health"];

  /** What its probe says, one after the other, and then that it is down. */
  async function guard(readings: readonly GuardReading[], refusals: readonly string[] = []) {
    const file = join(folder, "rollwatch.yaml");
    await appendFile(file, "watchdog: { guard: { enabled: true, failures: 3 } }\n");
    const pages: string[] = [];
    let asked = 0;
    const outcome = await alone(ASKED, {
      operations: {
        previewRollback: async () =>
          aPreview({ refusals: refusals.map((one) => ({ guard: one, reason: "because" })) }),
      },
      ports: {
        openGuardOutside: () => ({
          probe: async () => {
            asked += 1;
            return readings[asked - 1] ?? BAD;
          },
          page: async (title) => pages.push(title),
        }),
      },
    });
    return { ...outcome, pages, asked };
  }

  it("asks for a rollback when its probe has failed three times in a row", async () => {
    const { asked } = await guard([BAD, BAD, { kind: "good" }, BAD, BAD, BAD]);

    expect(asked).toBe(6);
    expect(calls[0]?.slice(0, 2)).toMatchObject([
      "rollback",
      { scope: "application", trigger: "system-down" },
    ]);
  });

  it("neither counts nor forgets for what says nothing about the application", async () => {
    const { asked } = await guard([BAD, { kind: "unknown", detail: "no route" }, BAD, BAD]);

    expect(asked).toBe(4);
  });

  it("is held by a pause, which a person may overrule, and pages that", async () => {
    const { code, pages } = await guard([BAD], ["not-paused", "evidence"]);

    expect(code).toBe(3);
    expect(calls).toEqual([]);
    expect(pages.at(-1)).toContain("is not rolled back");
  });
});
