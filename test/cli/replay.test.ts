import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import { Failure } from "../../src/model/failure.ts";
import type { ReplayReport } from "../../src/model/replay.ts";
import { aReplayReport } from "../support/replayed.ts";
import { withTempFolder } from "../support/temp.ts";

async function notNeeded(): Promise<never> {
  throw new Error("is not needed for this");
}

async function rollwatch(
  argv: readonly string[],
  replay: CliPorts["replay"],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return withTempFolder(async (folder) => {
    const file = join(folder, "rollwatch.yaml");
    await mkdir(join(folder, "app"));
    const config = {
      application: {
        name: "app",
        root: join(folder, "app"),
        pm2Home: join(folder, "pm2"),
        services: [{ name: "api" }],
        artifacts: ["server"],
      },
      signals: [{ name: "services", trigger: "system-down", probe: { kind: "pm2" } }],
      state: join(folder, "state"),
    };
    await writeFile(file, stringify(config), { mode: 0o600 });
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
      ask: notNeeded,
      sleep: notNeeded,
      openActions: notNeeded,
      openDatabaseRows: notNeeded,
      openOperations: notNeeded,
      host: { version: "9.9.9", pid: 1, nodeVersion: "v20", announceReady: () => undefined },
      now: () => 0,
      exists: () => false,
      init: notNeeded,
      doctor: notNeeded,
      exportIncident: notNeeded,
      followUps: async () => ({ tasks: [], checklists: [] }),
      testChannels: async () => [],
      replay,
      runDaemon: notNeeded,
      deployUnderLock: notNeeded,
      openGuardOutside: () => ({ probe: async () => ({ kind: "good" }), page: async () => 0 }),
    };
    const code = await runCli(argv, ports, new AbortController().signal);
    return { code, out, err };
  });
}

describe("rollwatch replay", () => {
  it("says what would have fired, when, why, and what would have been decided", async () => {
    const asked: string[] = [];
    async function replay(_config: unknown, path: string): Promise<ReplayReport> {
      asked.push(path);
      return aReplayReport();
    }

    const { code, out } = await rollwatch(["replay", "/rec"], replay);

    expect(code).toBe(0);
    expect(asked).toEqual(["/rec"]);
    expect(out.split("\n")).toEqual([
      "30 samples of 1 files, 2026-11-22 12:00:00 UTC to 2026-11-22 12:01:00 UTC",
      "2026-11-22 12:00:04 UTC  system-down (immediate, shadow) by health",
      "    first bad sample 2026-11-22 12:00:00 UTC, proven 4.0 s later, over after 30.0 s",
      "    likely cause: release",
      "    evidence: health is 1 failures, limit 0",
      "    would have decided 2026-11-22 12:00:06 UTC  hold: Nothing is done.",
      "supposed: nobody was deploying",
      "",
    ]);
  });

  it("says that nothing would have fired, and what the recording lacks", async () => {
    const report = aReplayReport({
      incidents: [],
      unknownSignals: [{ signal: "old", samples: 7 }],
      unheardSignals: ["new"],
      files: [{ file: "a.gz", torn: true, unreadable: 2 }],
    });

    const { out } = await rollwatch(["replay", "/rec"], async () => report);

    expect(out).toContain("nothing would have fired\n");
    expect(out).toContain("! old is not configured: 7 samples left out\n");
    expect(out).toContain("! nothing was recorded of new\n");
    expect(out).toContain("! a.gz ends in the middle; what is before that was read\n");
    expect(out).toContain("! a.gz has 2 lines that are none of this format\n");
  });

  it("writes the report as it is for programs", async () => {
    const { out } = await rollwatch(["replay", "/rec", "--json"], async () => aReplayReport());

    expect(JSON.parse(out)).toEqual(aReplayReport());
  });

  it("fails with what is wrong about the file and what to do", async () => {
    const { code, err } = await rollwatch(["replay", "/rec"], async () => {
      throw new Failure("recording-invalid", "/rec is no recording", { hint: "name another" });
    });

    expect(code).toBe(1);
    expect(err).toBe("rollwatch: /rec is no recording\n  -> name another\n");
  });
});
