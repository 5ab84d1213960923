import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { casesOf, chooseCases } from "../../bench/recovery-cases.ts";
import { expectedBreach } from "../../bench/recovery-expectation.ts";
import { median, mediansOf, type Round } from "../../bench/recovery.ts";
import { recoveryTable } from "../../bench/table.ts";
import { parseWish } from "../../bench/wish.ts";
import { listReleases } from "../../lab/releases.ts";
import { TRIGGERS } from "../../src/model/trigger.ts";

const SHIPPED = new URL("../../config/rollwatch.yaml", import.meta.url);

describe("the figures of the recovery bench", () => {
  it.for([
    { values: [3], middle: 3 },
    { values: [9, 1, 5], middle: 5 },
    { values: [10, 2, 4, 8], middle: 6 },
  ])("take $middle for the median of $values", ({ values, middle }) => {
    expect(median(values)).toBe(middle);
  });

  it("compare the two sides from the decision on, whenever that was", () => {
    const { recovery, rollwatch } = mediansOf([aRound(10, 1, 3), aRound(100, 2, 6)]);

    expect(recovery).toEqual({ rollwatch: 1.5, runbook: 4.5, ratio: 3 });
    expect(rollwatch.toDecision).toBe(55);
  });

  it("name a round that went wrong, and claim nothing for a case without any other", () => {
    const table = recoveryTable([
      {
        name: "memory",
        fault: "memory",
        cure: "rollback",
        expected: { typical: 12.5, worst: 15 },
        rounds: [],
        wrong: ["not the right end: decided hold, right is roll-back"],
        medians: null,
      },
    ]);

    expect(table.split("\n")).toEqual([
      expect.stringContaining("| case |"),
      expect.stringContaining("| --- |"),
      `| memory | 12.5 s, 15.0 s |${" - |".repeat(10)}`,
      "",
      "WRONG: memory: not the right end: decided hold, right is roll-back",
    ]);
  });

  it("take the quickest signal of a trigger for what the shipped configuration promises", async () => {
    const shipped = await readFile(SHIPPED, "utf8");

    expect(expectedBreach(shipped, "slow-responses")).toEqual({ typical: 31, worst: 36 });
    expect(expectedBreach(shipped, "user-interface")).toBeUndefined();
  });
});

describe("the cases of the recovery bench", () => {
  it("are all faults of the example that end without a person, and the usual number of dependencies besides", async () => {
    const releases = await listReleases();
    const ended = releases.filter(({ right }) =>
      ["rolled-back", "serviced"].includes(right.outcome),
    );

    const cases = casesOf(releases);

    expect(new Set(cases.map((one) => one.fault))).toEqual(new Set(ended.map((one) => one.id)));
    expect(cases.filter((one) => one.dependencies === "usual").map((one) => one.name)).toEqual([
      "system-down-dependency-330",
    ]);
  });

  it("give the runbook what a person would do", async () => {
    const cures = casesOf(await listReleases()).map(({ name, cure }) => [name, cure]);

    expect(cures).toContainEqual(["system-down", { kind: "rollback", reinstall: false }]);
    expect(cures).toContainEqual(["system-down-dependency", { kind: "rollback", reinstall: true }]);
    expect(cures).toContainEqual([
      "websocket-no-change",
      { kind: "restart", service: "websocket-service" },
    ]);
    expect(cures).toContainEqual([
      "memory-no-change",
      { kind: "restart", service: "radiation-monitoring" },
    ]);
  });

  it("are one of each trigger of the example, unless some or all are asked for", async () => {
    const cases = casesOf(await listReleases());
    const triggers = TRIGGERS.filter((trigger) => cases.some((one) => one.trigger === trigger));

    const short = chooseCases(cases, { names: [], all: false });
    const named = chooseCases(cases, { names: ["websocket", "memory"], all: false });

    expect(short.map((one) => one.trigger).toSorted()).toEqual(triggers.toSorted());
    expect(named.map((one) => one.name)).toEqual(["memory", "websocket"]);
    expect(chooseCases(cases, { names: [], all: true })).toEqual(cases);
  });

  it("must exist", async () => {
    const cases = casesOf(await listReleases());

    expect(() => chooseCases(cases, { names: ["memory", "memroy"], all: false })).toThrow(
      /^there is no case memroy; there are .*memory, /u,
    );
  });
});

describe("the bench's command line", () => {
  it.for([
    {
      line: "recovery",
      wish: { kind: "recovery", rounds: 1, choice: { names: [], all: false } },
    },
    {
      line: "recovery --case memory --case websocket --rounds 3",
      wish: { kind: "recovery", rounds: 3, choice: { names: ["memory", "websocket"], all: false } },
    },
    {
      line: "recovery --all",
      wish: { kind: "recovery", rounds: 1, choice: { names: [], all: true } },
    },
    { line: "recovery --list", wish: { kind: "list", of: "recovery" } },
    { line: "detection", wish: { kind: "detection", rounds: 5, names: [] } },
    {
      line: "detection --case hang --case slow --rounds 2",
      wish: { kind: "detection", rounds: 2, names: ["hang", "slow"] },
    },
    { line: "detection --list", wish: { kind: "list", of: "detection" } },
    { line: "detection --all", wish: undefined },
    { line: "footprint", wish: { kind: "footprint", rounds: 5 } },
    { line: "footprint --case memory", wish: undefined },
    { line: "recovery --all --case memory", wish: undefined },
    { line: "recovery --rounds 0", wish: undefined },
    { line: "recovery footprint", wish: undefined },
    { line: "", wish: undefined },
  ])("reads `$line`", ({ line, wish }) => {
    expect(parseWish(line.split(" ").filter((word) => word !== ""))).toEqual(wish);
  });
});

function aRound(toDecision: number, byRollwatch: number, byRunbook: number): Round {
  return {
    rollwatch: {
      toBreach: toDecision,
      toDecision,
      toRestored: toDecision + byRollwatch,
      toVerified: toDecision + byRollwatch + 20,
      failed: 0,
      signals: ["api-health"],
      load: 1,
    },
    runbook: { begun: toDecision, toRestored: toDecision + byRunbook, failed: 0, load: 1 },
  };
}
