import type { MigrationLoss } from "../model/migration-loss.ts";
import type { Plan } from "../model/plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { composePlan } from "./plan.ts";
import type { CheckMigrationsDescriptor } from "./steps/check-migrations.ts";

const SECOND = 1000;
const QUICK_MS = 60 * SECOND;
/** Structures and lists that are read around what takes the migrations down. */
const MARGIN_MS = 60 * SECOND;
/** Losses that a plan names. */
const TOLD_LOSSES = 8;

/** What a plan that takes migrations down is made from beside what every plan is. */
export interface SchemaGoal extends Pick<
  CheckMigrationsDescriptor,
  "names" | "schemaDigest" | "folderDigest"
> {
  /** What takes them down, for people: the tool. */
  readonly tool: string;
  /** Longest time of one run of it, ms. */
  readonly timeoutMs: number;
  /** What the trial on a copy lost. */
  readonly losses: readonly MigrationLoss[];
  /** How long it took there. */
  readonly seconds: number;
}

/** The plan of the application with its newest migrations taken down while its services stand still. Pure. */
export function makeSchemaPlan(input: PlanInput, goal: SchemaGoal): Plan {
  const { names, schemaDigest, folderDigest, tool, timeoutMs, seconds } = goal;
  const release = input.target.id;
  return composePlan(input, {
    scope: "schema",
    prepare: [
      {
        id: "check-migrations",
        kind: "check-migrations",
        phase: "prepare",
        text: "ask whether the schema and the migrations are as they were when they were tried",
        deadlineMs: QUICK_MS,
        release,
        names: [...names],
        schemaDigest,
        folderDigest,
      },
    ],
    act: [
      {
        id: "take-migrations-down",
        kind: "take-migrations-down",
        phase: "act",
        text: `take ${names.join(", ")} down with ${tool} (${seconds.toFixed(1)} s on a copy); ${tellLosses(goal)}`,
        deadlineMs: names.length * timeoutMs + MARGIN_MS,
        release,
        names: [...names],
      },
    ],
  });
}

/** For people: they decide whether it is worth it. */
function tellLosses({ losses }: SchemaGoal): string {
  if (losses.length === 0) {
    return "no row and no value was lost there";
  }
  const told = losses.slice(0, TOLD_LOSSES).map(tellLoss);
  const more = losses.length - told.length;
  return `lost with it: ${told.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function tellLoss({ what, change, count, unit }: MigrationLoss): string {
  const how = {
    dropped: `dropped with ${count} ${unit}`,
    fewer: `${count} ${unit} fewer`,
    changed: `${count} ${unit}, some of them changed`,
  }[change];
  return `${what} (${how})`;
}
