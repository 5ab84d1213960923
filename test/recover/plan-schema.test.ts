import { describe, expect, it } from "vitest";
import { ApplicationSettings } from "../../src/model/application.ts";
import { Plan } from "../../src/model/plan.ts";
import { makeSchemaPlan, type SchemaGoal } from "../../src/recover/plan-schema.ts";
import type { PlanInput } from "../../src/recover/plan-input.ts";
import { KnownStep } from "../../src/recover/steps/index.ts";
import { aRelease, aService, anIdentity, NOON } from "../support/builders.ts";

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
  requestedBy: "mia",
  now: NOON,
  deadline: NOON + 300_000,
  configHash: "4444",
  application: ApplicationSettings.parse({
    name: "patient",
    root: "/srv/app",
    pm2Home: "/srv/pm2",
    services: [{ name: "api" }, { name: "cleaner", destructive: true }],
    artifacts: ["server"],
  }),
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

const GOAL: SchemaGoal = {
  names: ["3_c", "2_b"],
  schemaDigest: "s",
  folderDigest: "f",
  tool: "knex",
  timeoutMs: 60_000,
  losses: [],
  seconds: 0.42,
};

function textOf(goal: SchemaGoal): string {
  const { steps } = makeSchemaPlan(INPUT, goal);
  return steps.find(({ kind }) => kind === "take-migrations-down")?.text ?? "";
}

describe("a plan of the schema", () => {
  it("takes migrations down with the newer files, while everything stands still, and starts nothing destructive", () => {
    const plan = Plan.parse(makeSchemaPlan(INPUT, GOAL));

    expect(plan).toMatchObject({ scope: "schema", requestedBy: "mia" });
    expect(plan.steps.map(({ id }) => id)).toEqual([
      "check-migrations",
      "stage:server",
      "stop-service:cleaner",
      "stop-service:api",
      "take-migrations-down",
      "switch:server",
      "start-service:api",
      "prove-identity",
      "clean-up",
    ]);
    expect(plan.steps.map((step) => KnownStep.safeParse(step).success)).not.toContain(false);
  });

  it("leaves each of them the tool's whole time", () => {
    const { steps } = makeSchemaPlan(INPUT, GOAL);

    expect(steps.find(({ id }) => id === "take-migrations-down")).toMatchObject({
      names: ["3_c", "2_b"],
      deadlineMs: 180_000,
    });
  });

  it("tells what is lost with it, and how long it took", () => {
    const dropped = { what: "public.notes", change: "dropped", count: 3, unit: "rows" } as const;
    const fewer = { what: "public.rounds", change: "fewer", count: 2, unit: "rows" } as const;
    const many = Array.from({ length: 9 }, () => fewer);

    expect(textOf(GOAL)).toBe(
      "take 3_c, 2_b down with knex (0.4 s on a copy); no row and no value was lost there",
    );
    expect(textOf({ ...GOAL, losses: [dropped, fewer] })).toContain(
      "lost with it: public.notes (dropped with 3 rows), public.rounds (2 rows fewer)",
    );
    expect(textOf({ ...GOAL, losses: many })).toContain(" and 1 more");
  });
});
