import type { ConsumedFolder, TableLoss } from "../model/database-delta.ts";
import type { Plan } from "../model/plan.ts";
import { tellTime } from "../model/units.ts";
import { asideName } from "../release/aside-databases.ts";
import type { PlanInput } from "./plan-input.ts";
import { composePlan } from "./plan.ts";
import type { CheckDatabaseDescriptor } from "./steps/check-database.ts";
import type { KnownStep } from "./steps/index.ts";

const SECOND = 1000;
const QUICK_MS = 60 * SECOND;
const SWAP_MS = 120 * SECOND;
/** Sessions that come and go, and a server that restarts. */
const PATIENCE_MS = 45 * SECOND;
/** Transactions of PgBouncer's clients end in this time; meanwhile the others wait. */
const PAUSE_MS = 20 * SECOND;
/** Every row is counted. */
const COUNT_MS = 60 * 60 * SECOND;
/** What restores limits itself by the size of the database. */
const RESTORE_MS = 6 * 60 * 60 * SECOND;
/** Tables that a plan names. */
const TOLD_TABLES = 5;

/** What a plan that swaps databases is made from beside what every plan is. */
export interface DatabaseGoal {
  readonly scope: "database" | "all";
  /** The kept database that is put back; absent where the database comes from the target. */
  readonly aside?: string;
  /** What is live now. */
  readonly live: { readonly name: string; readonly oid: number };
  readonly source: CheckDatabaseDescriptor["source"];
  /** Where the data comes from, for people: a database that waits, a dump that is restored first, or one that was kept. */
  readonly from: { readonly kind: "waiting" | "dump" | "aside"; readonly text: string };
  /** The moment of its data, ms since the epoch. */
  readonly at: number;
  /** The rows that nobody sees any more afterwards; undefined where that could not be estimated. */
  readonly losses: readonly TableLoss[] | undefined;
  /** The files that services consumed since; undefined where none declares them. */
  readonly consumed?: readonly ConsumedFolder[] | undefined;
  /** The databases whose clients PgBouncer holds back; undefined where there is none. */
  readonly pooled?: readonly string[] | undefined;
}

/** The plan of the application with the database swapped while its services stand still. Pure. */
export function makeDatabasePlan(input: PlanInput, goal: DatabaseGoal): Plan {
  const { target, now } = input;
  const { live, source, scope, from, at, pooled } = goal;
  const aside = asideName(live.name, now);
  const prepare: readonly KnownStep[] = [
    ...(from.kind === "dump" ? [restoreStep(target.id, goal)] : []),
    {
      id: "check-database",
      kind: "check-database",
      phase: "prepare",
      text: `count ${from.text} against its manifest, and ask whether it may take the place of ${live.name}`,
      deadlineMs: COUNT_MS,
      aside,
      source,
      release: target.id,
      at,
      live,
    },
    ...(pooled === undefined ? [] : [CHECK_POOL]),
  ];
  const act: readonly KnownStep[] = [
    {
      id: "move-sequences",
      kind: "move-sequences",
      phase: "act",
      text: "move the sequences past those of the live database",
      deadlineMs: QUICK_MS,
      aside,
    },
    {
      id: "swap-database",
      ...behindPool(goal),
      phase: "act",
      text: `${pooled === undefined ? "" : `pause ${pooled.join(", ")} in PgBouncer, `}swap ${from.text} (data of ${tellTime(at)}) for ${live.name}, which is kept as ${aside}; ${tellLosses(goal)}${tellConsumed(goal)}`,
      deadlineMs: SWAP_MS,
      aside,
      patienceMs: PATIENCE_MS,
    },
    {
      id: "verify-database",
      kind: "verify-database",
      phase: "act",
      text: `look at ${live.name} as the application's role, and write`,
      deadlineMs: QUICK_MS,
      aside,
    },
  ];
  return composePlan(input, { scope, aside: goal.aside, prepare, act });
}

const CHECK_POOL: KnownStep = {
  id: "check-pool",
  kind: "check-pool",
  phase: "prepare",
  text: "ask PgBouncer whether it may be paused",
  deadlineMs: QUICK_MS,
};

function behindPool({
  pooled,
}: DatabaseGoal):
  | { readonly kind: "swap-database" }
  | { readonly kind: "swap-behind-pool"; readonly pauseMs: number } {
  return pooled === undefined
    ? { kind: "swap-database" }
    : { kind: "swap-behind-pool", pauseMs: PAUSE_MS };
}

function restoreStep(release: string, { from }: DatabaseGoal): KnownStep {
  return {
    id: "restore-database",
    kind: "restore-database",
    phase: "prepare",
    text: `restore ${from.text} beside the live database`,
    deadlineMs: RESTORE_MS,
    release,
  };
}

/** For people: they decide whether it is worth it. */
function tellLosses({ losses }: DatabaseGoal): string {
  if (losses === undefined) {
    return "how many rows were written since is not known";
  }
  if (losses.length === 0) {
    return "no row was written since";
  }
  const told = losses
    .slice(0, TOLD_TABLES)
    .map(
      ({ table, rows }) => `${table} ${rows === "unknown" ? "an unknown number" : `about ${rows}`}`,
    );
  const more = losses.length - told.length;
  return `rows written since, kept there alone: ${told.join(", ")}${more > 0 ? ` and ${more} more tables` : ""}`;
}

/** Nothing imports them again by itself. */
function tellConsumed({ consumed = [] }: DatabaseGoal): string {
  return consumed
    .map(({ services, folder, files, more, problem }) =>
      problem === null
        ? `; ${files.length + more} files in ${folder}, consumed by ${services.join(", ")} since`
        : `; how many files in ${folder} were consumed by ${services.join(", ")} since is not known: ${problem}`,
    )
    .join("");
}
