import { describe, expect, it } from "vitest";
import { ApplicationSettings } from "../../src/model/application.ts";
import { Plan } from "../../src/model/plan.ts";
import type { PlanInput } from "../../src/recover/plan-input.ts";
import { type DatabaseGoal, makeDatabasePlan } from "../../src/recover/plan-database.ts";
import { KnownStep } from "../../src/recover/steps/index.ts";
import { aRelease, aService, anIdentity, NOON } from "../support/builders.ts";

const APPLICATION = ApplicationSettings.parse({
  name: "patient",
  root: "/srv/app",
  pm2Home: "/srv/pm2",
  services: [{ name: "api" }, { name: "cleaner", destructive: true }],
  artifacts: ["server"],
});

const SERVER = {
  path: "server",
  kind: "directory",
  digest: "then",
  files: 9,
  bytes: 100,
} as const;

const INPUT: PlanInput = {
  id: "plan-1",
  incident: "inc-1",
  requestedBy: "policy",
  now: NOON,
  deadline: NOON + 300_000,
  configHash: "4444",
  application: APPLICATION,
  target: aRelease({
    artifacts: [SERVER],
    services: [
      { name: "api", instances: 1 },
      { name: "cleaner", instances: 1 },
    ],
  }),
  from: anIdentity(),
  current: [{ ...SERVER, digest: "now" }],
  services: [aService("api"), aService("cleaner")],
  kept: [],
  hasDump: false,
};

const GOAL: DatabaseGoal = {
  scope: "database",
  live: { name: "radiation", oid: 5 },
  source: { kind: "release" },
  from: { kind: "waiting", text: "rollwatch_snap_1" },
  at: NOON - 60_000,
  losses: [{ table: "public.readings", rows: 12, why: "written" }],
};

function idsOf({ steps }: Plan): readonly string[] {
  return steps.map(({ id }) => id);
}

describe("a plan of the database", () => {
  it("asks first, swaps while every service stands still, and starts none that destroys", () => {
    const plan = makeDatabasePlan(INPUT, GOAL);

    expect(idsOf(plan)).toEqual([
      "check-database",
      "stage:server",
      "stop-service:cleaner",
      "stop-service:api",
      "move-sequences",
      "swap-database",
      "verify-database",
      "switch:server",
      "start-service:api",
      "prove-identity",
      "clean-up",
    ]);
    expect(plan.scope).toBe("database");
    expect(Plan.parse(plan).steps.map((one) => KnownStep.parse(one))).toHaveLength(11);
  });

  it("restores the dump before anything stands still where no database waits", () => {
    const plan = makeDatabasePlan(INPUT, { ...GOAL, from: { kind: "dump", text: "the dump" } });

    expect(idsOf(plan)[0]).toBe("restore-database");
    expect(plan.steps[0]?.phase).toBe("prepare");
  });

  it.each([
    [GOAL.losses, "kept there alone: public.readings about 12"],
    [[], "no row was written since"],
    [undefined, "is not known"],
  ])("tells what would be lost: %j", (losses, words) => {
    const plan = makeDatabasePlan(INPUT, { ...GOAL, losses });

    expect(plan.steps.find(({ id }) => id === "swap-database")?.text).toContain(words);
  });

  it("asks PgBouncer beforehand and swaps while it holds its clients back, where there is one", () => {
    const plan = makeDatabasePlan(INPUT, { ...GOAL, pooled: ["radiation"] });

    const swap = plan.steps.find(({ id }) => id === "swap-database");
    expect(swap).toMatchObject({ kind: "swap-behind-pool", phase: "act" });
    expect(swap?.text).toMatch(/^pause radiation in PgBouncer, swap rollwatch_snap_1/u);
    expect(plan.steps.find(({ id }) => id === "check-pool")?.phase).toBe("prepare");
    expect(plan.steps.map((one) => KnownStep.parse(one).kind)).not.toContain("swap-database");
  });

  it("tells how many files were consumed since, or that nobody knows", () => {
    const folder = { services: ["csv"], files: [], more: 3, problem: null };
    const consumed = [
      { ...folder, folder: "imported" },
      { ...folder, folder: "gone", problem: "there is no such folder" },
    ];

    const plan = makeDatabasePlan(INPUT, { ...GOAL, consumed });

    const text = plan.steps.find(({ id }) => id === "swap-database")?.text;
    expect(text).toContain("; 3 files in imported, consumed by csv since");
    expect(text).toContain("is not known: there is no such folder");
  });

  it("leaves files alone that are the target's", () => {
    const plan = makeDatabasePlan({ ...INPUT, current: [SERVER] }, GOAL);

    expect(idsOf(plan)).not.toContain("switch:server");
  });
});
