import type { Scenario } from "./scenario.ts";
import type { Way } from "./ways.ts";
import type { Fact } from "../../src/model/facts.ts";
import { atEffect, atRecord, type KillPoint, tellPoint } from "../live/support/kill-point.ts";

/** One row of the matrix: where the daemon dies. */
export interface Row {
  readonly point: KillPoint;
  readonly name: string;
}

const STOP_AND_START = {
  stop: ["stop-service:worker", "stop-service:api"],
  start: ["start-service:api", "start-service:worker", "prove-identity", "save-pm2", "clean-up"],
} as const;
const APPLICATION_PATHS = ["server", "package-lock.json", ".env"] as const;

/** The steps of each plan, in order; the first test of each asks whether the plan has them. */
export const STEPS: Readonly<Record<Scenario["name"], readonly string[]>> = {
  application: [
    ...APPLICATION_PATHS.map((path) => `stage:${path}`),
    ...STOP_AND_START.stop,
    ...APPLICATION_PATHS.map((path) => `switch:${path}`),
    "point-git",
    ...STOP_AND_START.start,
  ],
  service: ["restart-service:api", "restart-service:worker"],
  configuration: [
    "stage:.env",
    "switch:.env",
    "start-service:api",
    "start-service:worker",
    "prove-configuration",
    "save-pm2",
    "clean-up",
  ],
  database: [
    "restore-database",
    "check-database",
    ...STOP_AND_START.stop,
    "move-sequences",
    "swap-database",
    "verify-database",
    ...STOP_AND_START.start,
  ],
  schema: [
    "check-migrations",
    "stage:migrations",
    ...STOP_AND_START.stop,
    "take-migrations-down",
    "switch:migrations",
    ...STOP_AND_START.start,
  ],
};

/** The call that is the effect of each kind of step; steps that only look have the one by which they look. */
const EFFECTS: Readonly<Record<string, string>> = {
  stage: "files.copy",
  "stop-service": "pm2.stop",
  switch: "files.rename",
  "point-git": "git.pointHead",
  "start-service": "pm2.restart",
  "restart-service": "pm2.restart",
  "prove-identity": "processes.look",
  "restore-database": "restorer.restore",
  "check-database": "databases.obstacles",
  "move-sequences": "databases.moveSequences",
  "swap-database": "databases.swap",
  "verify-database": "databases.view",
  "save-pm2": "pm2.save",
  "clean-up": "files.remove",
};

/** Plans that two people approve before they run. */
const NEEDS_APPROVAL: ReadonlySet<Scenario["name"]> = new Set(["database", "schema"]);
/** Steps that only look, or whose effect may be made twice. */
const REPEATABLE: ReadonlySet<string> = new Set([
  "prove-identity",
  "check-database",
  "verify-database",
  "move-sequences",
  "save-pm2",
  "clean-up",
]);

/** The call that must not be made again once it was made; undefined for a step that may be run twice. */
export function effectOnce(step: string): string | undefined {
  const kind = kindOf(step);
  return REPEATABLE.has(kind) ? undefined : EFFECTS[kind];
}

function kindOf(step: string): string {
  return step.replace(/:.*$/u, "");
}

const AROUND = ["incident-opened", "planned", "recovery-started"] as const;
const AFTER = ["verified", "recovery-ended", "closed"] as const;
const NOTICES: Readonly<Record<Scenario["name"], readonly string[]>> = {
  application: ["rollback-started", "rollback-verified"],
  service: ["restart-started", "serviced"],
  configuration: ["rollback-started", "rollback-verified"],
  database: ["recommended", "approval-given", "rollback-started", "rollback-verified"],
  schema: ["recommended", "approval-given", "rollback-started", "rollback-verified"],
};

/** The points of a plan at which something happens to its daemon; for `killed` each record and each effect, before, within and after. */
export function rowsOf(scenario: Scenario["name"], way: Way["name"]): readonly Row[] {
  return everyPoint(scenario)
    .filter((point) => IS_POINT_OF[way](point))
    .map((point) => ({ point, name: tellPoint(point) }));
}

const IS_POINT_OF: Readonly<Record<Way["name"], (point: KillPoint) => boolean>> = {
  killed: () => true,
  // What was done before the power went is what may be lost.
  "power cut": ({ kind, when, ...point }) =>
    when === "after" &&
    (kind === "effect" ||
      ("fact" in point && !["notice-queued", "step-started"].includes(point.fact))),
  // Before the recovery began nobody holds the lock: another daemon may take it then.
  suspended: ({ kind, when }) => kind === "effect" && when !== "after",
  "disk full": ({ kind, when, ...point }) =>
    when === "before" && (kind === "effect" || ("fact" in point && point.fact !== "notice-queued")),
};

function everyPoint(scenario: Scenario["name"]): readonly KillPoint[] {
  const points = [
    ...AROUND.flatMap((fact) => aroundRecord(fact)),
    ...(NEEDS_APPROVAL.has(scenario)
      ? [...aroundRecord("approval-asked"), ...aroundRecord("approved")]
      : []),
    ...NOTICES[scenario].flatMap((reason) => aroundRecord("notice-queued", reason)),
    ...STEPS[scenario].flatMap((step) => pointsOfStep(step)),
    ...AFTER.flatMap((fact) => aroundRecord(fact)),
  ];
  // A plan that stages nothing has nothing to clean up.
  return points.filter(
    (point) => scenario !== "database" || point.kind !== "effect" || point.step !== "clean-up",
  );
}

/** Whether nothing was written down yet that another daemon could go on with. */
export function isBeforePlan({ point }: Row): boolean {
  return (
    point.kind === "record" &&
    (point.fact === "incident-opened" || (point.fact === "planned" && point.when === "before"))
  );
}

function aroundRecord(fact: Fact["kind"], about?: string): readonly KillPoint[] {
  return [atRecord("before", fact, about), atRecord("after", fact, about)];
}

function pointsOfStep(step: string): readonly KillPoint[] {
  const call = EFFECTS[kindOf(step)];
  const effects =
    call === undefined
      ? []
      : (["before", "within", "after"] as const).map((when) => atEffect(step, when, call));
  return [
    ...aroundRecord("step-started", step),
    ...effects,
    ...aroundRecord("step-finished", step),
  ];
}

/** Whether the plan was written down and nobody was asked about it yet: it is cancelled, and who asked for it is told so. */
export function isBeforeQuestion(scenario: Scenario["name"], { point }: Row): boolean {
  return (
    NEEDS_APPROVAL.has(scenario) &&
    point.kind === "record" &&
    ((point.fact === "planned" && point.when === "after") ||
      (point.fact === "approval-asked" && point.when === "before"))
  );
}

/** `count` of the rows, the same for the same seed. */
export function sample(rows: readonly Row[], count: number, seed: number): readonly Row[] {
  const left = [...rows];
  let state = seed;
  const chosen: Row[] = [];
  while (chosen.length < count && left.length > 0) {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    chosen.push(...left.splice(state % left.length, 1));
  }
  return chosen;
}
