import type { TableLoss } from "../model/database-delta.ts";
import { Failure } from "../model/failure.ts";
import type { Plan } from "../model/plan.ts";
import { type DatabaseGoal, makeDatabasePlan } from "../recover/plan-database.ts";
import type { Catalogue } from "../release/catalogue.ts";
import type { DatabaseSwap } from "../system/postgres-swap.ts";
import { openDatabaseRows } from "./database-rows.ts";
import { gatherInput, type Planner, type PlanRequest } from "./draft-plan.ts";
import { keptFiles } from "./kept-files.ts";

/** Longest time for estimating what would be lost; a plan is made without it then. */
const ESTIMATE_MS = 20_000;

interface DatabasePlanner extends Planner {
  readonly catalogue: Catalogue;
}

type Source = Pick<DatabaseGoal, "source" | "from" | "at">;

/** Makes the plan back to the release's database: with its code where that differs, and for `all` with its configuration. Changes nothing. */
export async function draftDatabase(
  daemon: DatabasePlanner,
  request: PlanRequest & Pick<DatabaseGoal, "scope">,
  signal: AbortSignal,
): Promise<Plan> {
  const { databases } = daemon.world;
  if (databases === undefined) {
    throw new Failure("refused", "no database is configured", {
      hint: "Configure `database.url`, and `database.rollback` for what a rollback of it needs.",
    });
  }
  const { scope, release } = request;
  const input = await gatherInput(daemon, request, signal);
  const kept = keptFiles(input);
  const live = await databases.live(signal);
  const source = await sourceOf(daemon, databases, release.id, signal);
  const losses =
    source.from.kind === "waiting" ? await lossesOf(daemon, release.id, signal) : undefined;
  return makeDatabasePlan({ ...input, kept }, { scope, live, ...source, losses });
}

/** The database that waits, or else the dump. */
async function sourceOf(
  { catalogue }: DatabasePlanner,
  databases: DatabaseSwap,
  release: string,
  signal: AbortSignal,
): Promise<Source> {
  const source = { kind: "release" } as const;
  const warm = await catalogue.readWarm(release);
  const oids = await databases.oidsOf(warm === undefined ? [] : [warm.name], signal);
  if (warm !== undefined && oids.get(warm.name) === warm.oid) {
    return { source, from: { kind: "waiting", text: warm.name }, at: warm.at };
  }
  const dump = await catalogue.readDatabase(release);
  if (dump?.kind === "dump") {
    return { source, from: { kind: "dump", text: `the dump of ${release}` }, at: dump.at };
  }
  throw new Failure("refused", `nothing is kept of the database of ${release}`, {
    hint: "Set `database.rollback.warm` or `database.dump`; what was not kept then cannot be brought back.",
  });
}

/** Undefined where nobody can tell in time: a plan is needed all the same. */
async function lossesOf(
  { config, world }: DatabasePlanner,
  release: string,
  signal: AbortSignal,
): Promise<readonly TableLoss[] | undefined> {
  try {
    const rows = await openDatabaseRows(config);
    const { tables } = await rows.estimate(release, world.clock.deadline(ESTIMATE_MS, signal));
    return tables;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
