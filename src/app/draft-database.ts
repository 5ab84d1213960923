import { compareSchemas } from "../decide/schema/compare.ts";
import { tellDifferences } from "../decide/schema/tell.ts";
import type { TableLoss } from "../model/database-delta.ts";
import { Failure } from "../model/failure.ts";
import type { Plan } from "../model/plan.ts";
import { isSameRelease } from "../model/identity.ts";
import { type DatabaseGoal, makeDatabasePlan } from "../recover/plan-database.ts";
import { readAside } from "../release/aside-databases.ts";
import { listConsumed } from "../release/consumed-files.ts";
import { releaseUnits } from "../release/paths.ts";
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

/** What is planned: the database of the release, or one that was kept. */
interface DatabaseRequest extends PlanRequest, Pick<DatabaseGoal, "scope"> {
  readonly aside: string | undefined;
}

type Source = Pick<DatabaseGoal, "source" | "from" | "at">;

/** Makes the plan back to the release's database, or to one that was kept: with the release's code where that differs. Changes nothing. */
export async function draftDatabase(
  daemon: DatabasePlanner,
  request: DatabaseRequest,
  signal: AbortSignal,
): Promise<Plan> {
  const { databases } = daemon.world;
  if (databases === undefined) {
    throw new Failure("refused", "no database is configured", {
      hint: "Configure `database.url`, and `database.rollback` for what a rollback of it needs.",
    });
  }
  const { scope, release, aside } = request;
  const input = await gatherInput(daemon, request, signal);
  const kept = keptFiles(input);
  const live = await databases.live(signal);
  const pooled = daemon.world.pool?.databases;
  if (aside !== undefined) {
    const source = await keptSource(
      daemon,
      databases,
      { name: aside, release: release.id },
      signal,
    );
    const same = isSameRelease(release.identity, input.from);
    // Nothing but the databases changes places where the release stays the same.
    const current = same ? releaseUnits(release) : input.current;
    const consumed = await consumedSince(daemon, source.at, signal);
    const goal = { scope, live, aside, ...source, losses: undefined, consumed, pooled };
    return makeDatabasePlan({ ...input, kept, current }, goal);
  }
  const source = await sourceOf(daemon, databases, release.id, signal);
  const losses =
    source.from.kind === "waiting" ? await lossesOf(daemon, release.id, signal) : undefined;
  const consumed = await consumedSince(daemon, source.at, signal);
  const goal = { scope, live, ...source, losses, consumed, pooled };
  return makeDatabasePlan({ ...input, kept }, goal);
}

async function consumedSince(
  { config: { application }, world: { files, clock } }: DatabasePlanner,
  since: number,
  signal: AbortSignal,
): Promise<DatabaseGoal["consumed"]> {
  return listConsumed({ application, files, clock }, { since, isHashed: false }, signal);
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

/** A database that a swap has replaced; refused where the release could not run on its schema. */
async function keptSource(
  { catalogue, config, world }: DatabasePlanner,
  databases: DatabaseSwap,
  { name, release }: { readonly name: string; readonly release: string },
  signal: AbortSignal,
): Promise<Source> {
  const noted = await readAside(world.files, config.state, name);
  const oids = await databases.oidsOf([name], signal);
  if (noted === undefined || oids.get(name) !== noted.pair.replaced.oid) {
    throw new Failure("refused", `rollwatch keeps no database ${name}`, {
      hint: "`rollwatch database aside list` shows those it keeps.",
    });
  }
  const ranOn = await catalogue.readSchema(release);
  const found = await databases.keptCatalogue(name, noted.properties, signal);
  const comparison = ranOn === undefined ? undefined : compareSchemas(ranOn, found);
  if (comparison?.verdict === "breaking") {
    throw new Failure(
      "refused",
      `${release} may not run on the schema of ${name}: ${tellDifferences(comparison)}`,
      { hint: "Name with --to a captured release that ran on it." },
    );
  }
  return {
    source: { kind: "aside", name },
    from: { kind: "aside", text: name },
    at: noted.at,
  };
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
