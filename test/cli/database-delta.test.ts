import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { CliPorts } from "../../src/cli/ports.ts";
import { runCli } from "../../src/cli/program.ts";
import type { DatabaseDelta, Reapplied, TableDelta } from "../../src/model/database-delta.ts";
import type { DatabaseRows, LossReport } from "../../src/model/database-rows.ts";
import { withTempFolder } from "../support/temp.ts";

async function notNeeded(): Promise<never> {
  throw new Error("is not needed for this");
}

type DeltaRequest = Parameters<DatabaseRows["delta"]>[0];

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function rollwatch(
  argv: readonly string[],
  rows: Partial<DatabaseRows>,
  isTerminal = false,
): Promise<Outcome> {
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
      database: { url: "postgresql://app@127.0.0.1/app" },
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
      environment: { ROLLWATCH_CONFIG: file, NO_COLOR: "1" },
      isTerminal,
      canAsk: false,
      ask: notNeeded,
      sleep: notNeeded,
      openActions: notNeeded,
      openOperations: notNeeded,
      openDatabaseRows: async () => ({
        estimate: notNeeded,
        delta: notNeeded,
        reapply: notNeeded,
        replay: notNeeded,
        installJournal: notNeeded,
        removeJournal: notNeeded,
        ...rows,
      }),
      host: { version: "9.9.9", pid: 1, nodeVersion: "v20", announceReady: () => undefined },
      now: () => 0,
      exists: () => false,
      init: notNeeded,
      doctor: notNeeded,
      exportIncident: notNeeded,
      followUps: async () => ({ tasks: [], checklists: [] }),
      testChannels: async () => [],
      replay: notNeeded,
      runDaemon: notNeeded,
      deployUnderLock: notNeeded,
      openGuardOutside: () => ({ probe: async () => ({ kind: "good" }), page: async () => 0 }),
    };
    const code = await runCli(argv, ports, new AbortController().signal);
    return { code, out, err };
  });
}

function aTable(over: Partial<TableDelta>): TableDelta {
  const counts = { inserted: 0, updated: 0, deleted: 0, newer: 0 };
  return { table: "public.doses", by: "key", ...counts, notes: [], problem: null, ...over };
}

function aDelta(over: Partial<DatabaseDelta>): DatabaseDelta {
  const names = { kept: "app_aside_1", live: "app" };
  return {
    at: 0,
    ...names,
    seconds: 1.26,
    tables: [],
    folder: null,
    files: [],
    expiresAt: null,
    ...over,
  };
}

describe("rollwatch database delta", () => {
  it("tells what going back would lose, and what of it is not known", async () => {
    const asked: (string | undefined)[] = [];
    async function estimate(release: string | undefined): Promise<LossReport> {
      asked.push(release);
      const tables = [
        { table: "public.doses", rows: 812, why: "812 inserted" },
        { table: "public.wide", rows: "unknown" as const, why: "written anew" },
      ];
      return { release: "rel-1", warm: "rollwatch_snap_1", at: 0, tables };
    }

    const { code, out } = await rollwatch(["database", "delta", "--estimate", "--to", "rel-1"], {
      estimate,
    });

    expect(code).toBe(0);
    expect(asked).toEqual(["rel-1"]);
    expect(out.split("\n")).toEqual([
      "going back to rollwatch_snap_1 (rel-1, 1970-01-01 00:00:00 UTC) would lose",
      "  public.doses  about 812  812 inserted",
      "  public.wide   unknown    written anew",
      "",
    ]);
  });

  it("tells what differs, table by table, and how far it is on a terminal", async () => {
    const asked: unknown[] = [];
    async function delta({ onTable, ...request }: DeltaRequest): Promise<DatabaseDelta> {
      asked.push(request);
      onTable?.({ table: "public.doses", number: 1, of: 3 });
      const tables = [
        aTable({
          inserted: 3,
          updated: 1,
          newer: 2,
          notes: ["column extra is only in the kept database"],
        }),
        aTable({ table: "public.same" }),
        aTable({ table: "public.fresh", by: "kept-only", inserted: 7 }),
      ];
      return aDelta({ tables, folder: "/exports/1" });
    }

    const { code, out, err } = await rollwatch(
      ["database", "delta", "--kept", "app_aside_1", "--export", "/exports/1"],
      { delta },
      true,
    );

    expect(code).toBe(0);
    expect(asked).toEqual([{ kept: "app_aside_1", export: "/exports/1" }]);
    expect(err).toBe("1 of 3: public.doses\n");
    expect(out.split("\n")).toEqual([
      "app_aside_1 against app, 1.3 s",
      "  public.doses  3 only in the kept database, 1 changed, 0 only in the live one, 2 written since the swap; column extra is only in the kept database",
      "  public.fresh  only in the kept database: 7 rows",
      "1 of 3 tables are equal",
      "the rows are in /exports/1",
      "",
    ]);
  });

  it("fails when a table could not be compared, and prints all of it for programs", async () => {
    const answer = aDelta({ tables: [aTable({ problem: "permission denied" })] });

    const { code, out, err } = await rollwatch(
      ["database", "delta", "--json"],
      { delta: async () => answer },
      true,
    );

    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual(answer);
    expect(err).toBe("");
  });

  it("lists the files that services consumed, without what a terminal obeys, and says which folder nobody could read", async () => {
    const file = { path: "in/a\u001B[2J.csv", bytes: 12, at: 1_800_000_000_000, sha256: null };
    const consumed = [
      { services: ["csv"], folder: "in", files: [file], more: 30, problem: null },
      { services: ["csv"], folder: "gone", files: [], more: 0, problem: "there is no such folder" },
    ];
    const report = { release: "rel-1", warm: "w", at: 0, tables: [], consumed };

    const { out } = await rollwatch(["database", "delta", "--estimate"], {
      estimate: async () => report,
    });

    expect(out).toContain("31 files in in since, consumed by csv");
    expect(out).toMatch(/in\/a\?\[2J\.csv +12 B/u);
    expect(out).toContain("and 30 more");
    expect(out).toContain("gone, of csv: there is no such folder");
  });

  it("takes a release for the estimate alone", async () => {
    const { code, err } = await rollwatch(["database", "delta", "--to", "rel-1"], {});

    expect(code).toBe(2);
    expect(err).toContain("--to goes with --estimate");
  });
});

describe("rollwatch database reapply", () => {
  const answer: Reapplied = {
    at: 0,
    kept: "app_aside_1",
    live: "app",
    seconds: 2,
    isDryRun: true,
    tables: [
      { table: "public.doses", applied: 812, quarantined: 0 },
      { table: "public.people", applied: 0, quarantined: 2 },
    ],
    folder: "/state/deltas/1-reapply",
    expiresAt: 1,
  };

  it("says what came back and what needs a person", async () => {
    const asked: unknown[] = [];
    async function reapply(request: unknown): Promise<Reapplied> {
      asked.push(request);
      return answer;
    }

    const { code, out } = await rollwatch(
      ["database", "reapply", "--table", "public.doses", "public.people", "--dry-run"],
      { reapply },
    );

    expect(code).toBe(3);
    expect(asked).toEqual([
      { kept: undefined, tables: ["public.doses", "public.people"], isDryRun: true },
    ]);
    expect(out.split("\n")).toEqual([
      "rows of app_aside_1 that would come back into app",
      "  public.doses   812  0 need a person",
      "  public.people  0    2 need a person",
      "which rows, and why: /state/deltas/1-reapply",
      "",
    ]);
  });

  it("is done when no row needs a person", async () => {
    const tables = [{ table: "public.doses", applied: 1, quarantined: 0 }];

    const { code } = await rollwatch(["database", "reapply", "--table", "public.doses"], {
      reapply: async () => ({ ...answer, tables, isDryRun: false }),
    });

    expect(code).toBe(0);
  });

  it("wants a table", async () => {
    const { code, err } = await rollwatch(["database", "reapply"], {});

    expect(code).toBe(2);
    expect(err).toContain("--table");
  });
});

describe("rollwatch database replay and journal", () => {
  it("replays by name and moment, and says what needs a person", async () => {
    const asked: unknown[] = [];
    async function replay(request: unknown): Promise<Reapplied> {
      asked.push(request);
      const tables = [{ table: "public.doses", applied: 3, quarantined: 1 }];
      const names = { kept: "app_aside_1", live: "app", folder: "/state/deltas/1-replay" };
      return { at: 0, seconds: 1, isDryRun: false, expiresAt: 1, tables, ...names };
    }

    const { code, out } = await rollwatch(
      ["database", "replay", "--kept", "app_aside_1", "--snapshot", "3:5:"],
      { replay },
    );

    expect(code).toBe(3);
    expect(asked).toEqual([{ kept: "app_aside_1", snapshot: "3:5:", isDryRun: false }]);
    expect(out).toContain("rows of app_aside_1 that came back into app\n");
    expect(out).toContain("public.doses  3  1 need a person");
  });

  it("fails where a table could not be journaled, and names it", async () => {
    const missing = [{ table: "public.busy", why: "lock timeout" }];

    const { code, out } = await rollwatch(["database", "journal", "install"], {
      installJournal: async () => ({ journaled: ["public.doses"], missing }),
    });

    expect(code).toBe(1);
    expect(out.split("\n")).toEqual([
      "1 tables are journaled",
      "  public.busy  not journaled: lock timeout",
      "",
    ]);
  });

  it("removes the journal", async () => {
    let removed = 0;

    const { code, out } = await rollwatch(["database", "journal", "remove"], {
      removeJournal: async () => {
        removed += 1;
      },
    });

    expect({ code, removed }).toEqual({ code: 0, removed: 1 });
    expect(out).toBe("the journal is gone\n");
  });
});
