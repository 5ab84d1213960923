import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import { tellDifferences } from "../schema/tell.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether nothing is known that keeps the target from running on today's schema: not even a person starts it on one that it cannot run on. */
export const schemaFits: Guard = { id: "schema-fits", check };

function check({ target, schema }: BreachSituation): Opinion {
  if (target.kind === "none" || schema?.kind !== "compared") {
    return allow("nothing is known of the schema that speaks against it");
  }
  const { comparison } = schema;
  return comparison.verdict === "breaking"
    ? hold(
        `${target.release.id} may not run on today's schema: ${tellDifferences(comparison)}; go back with --scope schema, database or all, which take the schema along`,
      )
    : allow(`the schema is ${comparison.verdict}`);
}
