import { describe, expect, it } from "vitest";
import { resumeOf } from "../../bench/journal/resume.ts";
import { journalTables } from "../../bench/journal/table.ts";
import { parseWish } from "../../bench/wish.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";

const STARTED: Fact = { kind: "daemon-started", pid: 7, version: "1", configHash: "h" };
const BEGUN: Fact = { kind: "step-started", plan: "plan-1", step: "switch" };
const FINISHED: Fact = {
  kind: "step-finished",
  plan: "plan-1",
  step: "switch",
  outcome: { kind: "done", detail: "so it was" },
};
const RESUMED: Fact = { kind: "recovery-started", plan: "plan-1" };

function entriesOf(...facts: readonly Fact[]): readonly Entry[] {
  return facts.map((fact, place) => ({ seq: place + 1, at: 1000 + 100 * place, fact }));
}

function aResult(writeMs: number, resumeMs: number): Parameters<typeof journalTables>[0] {
  return {
    writes: { journal: [writeMs, writeMs, 90], fsync: [1, 2, 3], fdatasync: [1, 1, 1] },
    resumes: [{ toStarted: 300, toResumed: resumeMs, writesPerStep: 2 }],
    load: { writes: 1, resumes: 1 },
  };
}

describe("a resumed recovery", () => {
  it("is timed from the new process's beginning, after the restart alone", () => {
    const entries = entriesOf(RESUMED, BEGUN, STARTED, RESUMED, BEGUN, FINISHED);

    const resume = resumeOf(entries, new Map([[3, 700]]));

    expect(resume).toEqual({ toStarted: 500, toResumed: 600, writesPerStep: 2 });
  });

  it("is none when the daemon did not go on with it", () => {
    expect(() => resumeOf(entriesOf(RESUMED, STARTED), new Map([[2, 700]]))).toThrow("not resumed");
  });
});

describe("the journal's cost", () => {
  it("is told by median and p95, with what was aimed at", () => {
    const text = journalTables(aResult(4, 600));

    expect(text).toContain("| the journal (SQLite, WAL, hash chain) | 4.00 ms | 90.00 ms |");
    expect(text).toContain("| until the recovery is resumed | 600 ms | 600 ms |");
    expect(text).not.toContain("MISSED");
  });

  it("says so when an aim is missed", () => {
    const text = journalTables(aResult(6, 2400));

    expect(text).toContain("A write under 5 ms at the median: MISSED.");
    expect(text).toContain("Resumed within 2 s: MISSED.");
  });

  it("is measured in three rounds unless it is said otherwise", () => {
    expect(parseWish(["journal"])).toEqual({ kind: "journal", rounds: 3 });
    expect(parseWish(["journal", "--list"])).toBeUndefined();
  });
});
