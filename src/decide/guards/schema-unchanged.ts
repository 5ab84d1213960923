import { assertNever } from "../../model/assert-never.ts";
import type { Release } from "../../model/release.ts";
import type { SchemaComparison } from "../../model/schema-difference.ts";
import { allow, hold, recommend, type Guard, type Opinion } from "../guard.ts";
import { tellDifferences } from "../schema/tell.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the target can run on the schema that the database has now: older code on a newer schema can destroy data. */
export const schemaUnchanged: Guard = { id: "schema-unchanged", check };

function check(situation: BreachSituation): Opinion {
  const { target, schema } = situation;
  if (target.kind === "none") {
    return hold("there is no target whose schema could be compared");
  }
  return schema?.kind === "compared"
    ? judge(target.release.id, schema.comparison)
    : goByMigrations(situation, target.release);
}

/** Where the structures cannot be compared, what the application records of its migrations must say that there were none. */
function goByMigrations({ identity, schema }: BreachSituation, release: Release): Opinion {
  const before = release.identity.schema;
  const today = identity.schema;
  const doubt = schema?.kind === "unknown" ? `: ${schema.reason}` : "";
  if (today === undefined || before === undefined) {
    const whose = today === undefined ? "of the database" : `that ${release.id} ran on`;
    return recommend(`the schema revision ${whose} is unknown${doubt}`);
  }
  if (today === null && before === null) {
    return schema === undefined
      ? allow("the database records no migrations")
      : recommend(`whether the schema changed is unknown${doubt}`);
  }
  return today === before
    ? allow(`the schema is at ${today}, as then${doubt}`)
    : recommend(
        `the schema is at ${named(today)}, ${release.id} ran on ${named(before)}: a person must know that the older code can run on it${doubt}`,
      );
}

function named(revision: string | null): string {
  return revision ?? "none";
}

function judge(target: string, comparison: SchemaComparison): Opinion {
  switch (comparison.verdict) {
    case "unchanged":
      return allow(`the schema is as ${target} knew it`);
    case "additive":
      return allow(`${target} runs on today's schema: ${tellDifferences(comparison)}`);
    case "breaking":
      return recommend(`${target} may not run on today's schema: ${tellDifferences(comparison)}`);
    default:
      return assertNever(comparison.verdict);
  }
}
