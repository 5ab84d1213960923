import { Failure } from "../model/failure.ts";
import type { Plan } from "../model/plan.ts";
import { makeSchemaPlan } from "../recover/plan-schema.ts";
import type { Catalogue } from "../release/catalogue.ts";
import { tryMigrations } from "../release/migration-trial.ts";
import { schemaDigest } from "../release/schema-digest.ts";
import { gatherInput, type Planner, type PlanRequest } from "./draft-plan.ts";
import { keptFiles } from "./kept-files.ts";
import { schemaPortsOf, tellUnlike } from "./migration-ports.ts";
import { warmPortsOf } from "./warm-ports.ts";

/**
 * Tries the down migrations on a copy of the live database and makes the plan that does the same there, with the release's code;
 * refused where the copy did not come out with the release's schema. The live database is read alone.
 */
export async function draftSchema(
  daemon: Planner & { readonly catalogue: Catalogue },
  request: PlanRequest,
  signal: AbortSignal,
): Promise<Plan> {
  const { catalogue } = daemon;
  const { release } = request;
  const schema = schemaPortsOf(daemon);
  const making = warmPortsOf(daemon);
  if (schema === undefined || making === undefined) {
    throw new Failure("refused", "no down migrations are configured", {
      hint: "Configure `database.migrations.down`, or go back with --scope database.",
    });
  }
  const wanted = await catalogue.readSchema(release.id);
  if (wanted === undefined) {
    throw new Failure("refused", `the schema that ${release.id} ran on was not kept`, {
      hint: "It is kept when a release is proven; --scope database takes the whole database back.",
    });
  }
  const { migrations } = schema;
  const trial = await tryMigrations({ making, migrations }, catalogue.treeOf(release.id), signal);
  const different = tellUnlike(wanted, trial.after);
  if (different !== undefined) {
    throw new Failure(
      "refused",
      `with ${trial.names.join(", ")} taken down the schema is not that of ${release.id}: ${different}`,
      {
        hint: "They were tried on a copy, nothing was changed. Correct the down migrations, or go back with --scope database.",
      },
    );
  }
  const input = await gatherInput(daemon, request, signal);
  const { names, folderDigest, losses, seconds } = trial;
  return makeSchemaPlan(
    { ...input, kept: keptFiles(input) },
    {
      names: [...names],
      folderDigest,
      schemaDigest: schemaDigest(trial.before),
      tool: migrations.settings.tool,
      timeoutMs: migrations.settings.timeout,
      losses,
      seconds,
    },
  );
}
