import type { SchemaCatalogue } from "../../model/schema-catalogue.ts";
import type { SchemaComparison, SchemaDifference } from "../../model/schema-difference.ts";
import { breaking } from "./pair.ts";
import { compareRelations } from "./relations.ts";
import { compareRights } from "./rights.ts";
import {
  compareExtensions,
  compareFunctions,
  compareOthers,
  compareSequences,
  compareTypes,
} from "./things.ts";

/**
 * Everything in which the newer schema differs from the older one, judged for the release that ran on the older: `additive` is
 * said only where its statements mean the same as before and are refused no more than before. The worst comes first.
 */
export function compareSchemas(before: SchemaCatalogue, after: SchemaCatalogue): SchemaComparison {
  const both = { before, after };
  const found = [
    ...compareServers(before, after),
    ...compareRelations(both),
    ...compareFunctions(both),
    ...compareTypes(both),
    ...compareSequences(both),
    ...compareExtensions(both),
    ...compareOthers(both),
    ...compareRights(both),
  ];
  const worst = found.filter((one) => one.verdict === "breaking");
  const rest = found.filter((one) => one.verdict === "additive");
  const verdict = worst.length > 0 ? "breaking" : rest.length > 0 ? "additive" : "unchanged";
  return { verdict, differences: [...worst, ...rest] };
}

/** Two servers write the same definition in two ways. */
function compareServers(
  { serverMajor: before }: SchemaCatalogue,
  { serverMajor: after }: SchemaCatalogue,
): readonly SchemaDifference[] {
  const about = { kind: "server", name: "PostgreSQL", change: "changed" } as const;
  return before === after ? [] : [breaking(about, `version ${before} then, ${after} now`)];
}
