import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import { DoctorReport } from "../../src/model/doctor.ts";
import type { InitOutcome, InitReport, InitRequest } from "../../src/model/init.ts";
import { aDoctorReport } from "../support/fakes/operations.ts";
import { withTempFolder } from "../support/temp.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function absent(): Promise<never> {
  throw new Error("not asked for in these tests");
}

async function rollwatch(argv: readonly string[], world: Partial<CliPorts>): Promise<Outcome> {
  let out = "";
  let err = "";
  const ports: CliPorts = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    environment: {},
    isTerminal: false,
    canAsk: false,
    ask: absent,
    sleep: absent,
    host: { version: "9.9.9", pid: 1, nodeVersion: "v20.20.2", announceReady: () => undefined },
    now: () => 1_800_000_000_000,
    exists: () => false,
    openOperations: absent,
    openActions: absent,
    openDatabaseRows: absent,
    init: absent,
    doctor: absent,
    exportIncident: async () => "",
    followUps: async () => ({ tasks: [], checklists: [] }),
    testChannels: async () => [],
    replay: absent,
    runDaemon: absent,
    deployUnderLock: absent,
    openGuardOutside: () => ({ probe: async () => ({ kind: "good" }), page: async () => 0 }),
    ...world,
  };
  const code = await runCli(argv, ports, new AbortController().signal);
  return { code, out, err };
}

const REPORT: InitReport = {
  file: "/etc/rollwatch/rollwatch.yaml",
  application: "desk",
  root: "/srv/desk",
  pm2Home: "/home/desk/.pm2",
  services: [{ name: "api", status: "online", addresses: ["127.0.0.1:3000"] }],
  signals: ["api-health", "services"],
  found: ["api is healthy at http://127.0.0.1:3000/health (200 in 4 ms)."],
  check: ["Not part of a release: uploads."],
  variables: [{ name: "DATABASE_URL", holds: "the address of the database" }],
  problems: [],
  next: ["rollwatch doctor --config /etc/rollwatch/rollwatch.yaml"],
};

async function init(outcome: InitOutcome, ...options: readonly string[]): Promise<Outcome> {
  return rollwatch(["init", ...options], { init: async () => outcome });
}

describe("rollwatch init", () => {
  it("tells what was found, what to look at, what to set and what to type next", async () => {
    const { code, out } = await init({ kind: "written", report: REPORT });

    expect(code).toBe(0);
    for (const text of [...REPORT.found, ...REPORT.check, ...REPORT.next, "DATABASE_URL"]) {
      expect(out).toContain(text);
    }
    expect(out).toContain("Wrote /etc/rollwatch/rollwatch.yaml: 2 signals");
  });

  it("hands its options on", async () => {
    const asked: InitRequest[] = [];

    await rollwatch(["init", "--pm2-home", "/p", "--root", "/r", "--output", "o.yaml", "--force"], {
      init: async (request) => {
        asked.push(request);
        return { kind: "written", report: REPORT };
      },
    });

    expect(asked).toEqual([{ pm2Home: "/p", root: "/r", output: "o.yaml", force: true }]);
  });

  it("prints its report for programs", async () => {
    const { out } = await init({ kind: "written", report: REPORT }, "--json");

    expect(JSON.parse(out)).toEqual(REPORT);
  });

  it("fails when what it wrote is not valid yet", async () => {
    const report = {
      ...REPORT,
      problems: ["rollwatch.yaml:3:1  pm2Home  expected a shorter path"],
    };

    const { code, out } = await init({ kind: "written", report });

    expect(code).toBe(1);
    expect(out).toContain("expected a shorter path");
  });

  it.each<[InitOutcome, number, string]>([
    [{ kind: "exists", file: "/x.yaml" }, 3, "--force"],
    [{ kind: "several", choices: [{ root: "/a", services: ["one", "two"] }] }, 2, "/a (one, two)"],
    [
      { kind: "elsewhere", root: "/z", choices: [{ root: "/a", services: ["one"] }] },
      2,
      "works in /z",
    ],
  ])("says what to do when nothing is written: %j", async (outcome, exit, text) => {
    const { code, out, err } = await init(outcome);

    expect([code, out]).toEqual([exit, ""]);
    expect(err).toContain(text);
  });
});

const CONFIGURATION = `application:
  name: app
  root: /srv/app
  pm2Home: /home/app/.pm2
  services: [{ name: web }]
  artifacts: [dist]
signals: [{ name: health, trigger: system-down, probe: { kind: pm2 } }]
state: /var/lib/rollwatch/app
`;

/** Runs the doctor with a configuration file of this text. */
async function doctor(
  report: DoctorReport,
  options: readonly string[] = [],
  text = CONFIGURATION,
): Promise<Outcome> {
  return withTempFolder(async (folder) => {
    const file = join(folder, "rollwatch.yaml");
    await writeFile(file, text, { mode: 0o600 });
    return rollwatch(["doctor", "--config", file, ...options], { doctor: async () => report });
  });
}

describe("rollwatch doctor", () => {
  it("shows each line, its cure below it, and what the probes ask", async () => {
    const report = aDoctorReport({
      lines: [
        { area: "rollwatch", check: "daemon", state: "warning", detail: "none", cure: "Start it." },
        { area: "pm2", check: "pm2", state: "ok", detail: "answers", cure: null },
      ],
      warnings: 1,
    });

    const { code, out } = await doctor(report);

    expect(code).toBe(0);
    expect(out).toMatch(
      /pm2\n {2}ok +pm2 +answers\nrollwatch\n {2}warning +daemon +none\n +-> Start it\.\n/u,
    );
    expect(out).toContain("http://127.0.0.1:3000  60 a minute");
    expect(out).toContain("no faults, 1 warning\n");
  });

  it("fails when there is a fault", async () => {
    expect((await doctor(aDoctorReport({ faults: 2 }))).code).toBe(1);
  });

  it("prints its report for programs", async () => {
    const { out } = await doctor(aDoctorReport(), ["--json"]);

    expect(DoctorReport.parse(JSON.parse(out))).toEqual(aDoctorReport());
  });

  it("calls every problem of the configuration a fault, and looks no further", async () => {
    const text = CONFIGURATION.replace("artifacts", "artefacts");

    const { code, out } = await doctor(aDoctorReport(), ["--json"], text);

    const report = DoctorReport.parse(JSON.parse(out));
    expect(code).toBe(1);
    expect(report.application).toBeNull();
    expect(report.lines).toMatchObject([
      { area: "configuration", state: "fault", cure: expect.stringContaining("artifacts") },
      { area: "configuration", state: "fault" },
    ]);
  });

  it("says so when there is no configuration", async () => {
    const { code, out } = await rollwatch(["doctor", "--config", "/nowhere.yaml"], {});

    expect(code).toBe(1);
    expect(out).toContain("cannot read /nowhere.yaml");
  });
});
