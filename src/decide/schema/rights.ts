import type { SchemaCatalogue } from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";
import { additive, type Both, breaking, pair } from "./pair.ts";

/** Something with an owner and rights. */
interface Owned {
  readonly name: string;
  readonly owner: string;
  readonly rights: readonly string[];
}

/** What came of owners and rights, on everything that there was before. Which role the application uses is not asked: every role's count. */
export function compareRights({ before, after }: Both): readonly SchemaDifference[] {
  const { kept } = pair(ownedOf(before), ownedOf(after), (one) => one.name);
  return kept.flatMap((one) => [
    ...compareOwner(one.before, one.after),
    ...compareGrants(one.before, one.after),
  ]);
}

function ownedOf(catalogue: SchemaCatalogue): readonly Owned[] {
  const { schemas, relations, functions, types, sequences } = catalogue;
  return [
    ...schemas.map((one) => ({ ...one, name: `schema ${one.name}` })),
    ...relations,
    ...relations.flatMap(({ name, columns }) =>
      columns.map((one) => ({ name: `${name}.${one.name}`, owner: "", rights: one.rights })),
    ),
    ...functions.map((one) => ({ ...one, name: one.signature })),
    ...types.map((one) => ({ ...one, name: `type ${one.name}` })),
    ...sequences,
  ];
}

function compareOwner(before: Owned, after: Owned): readonly SchemaDifference[] {
  return before.owner === after.owner
    ? []
    : [
        breaking(
          { kind: "owner", name: after.name, change: "changed" },
          `${before.owner} owned it, ${after.owner} does: the former owner's rights are gone`,
        ),
      ];
}

function compareGrants(before: Owned, after: Owned): readonly SchemaDifference[] {
  const { removed, added } = pair(before.rights, after.rights, (right) => right);
  const gone = breaking(
    { kind: "grant", name: after.name, change: "removed" },
    `revoked: ${tell(removed)}`,
  );
  const given = additive(
    { kind: "grant", name: after.name, change: "added" },
    `granted: ${tell(added)}`,
  );
  return [...(removed.length > 0 ? [gone] : []), ...(added.length > 0 ? [given] : [])];
}

function tell(rights: readonly string[]): string {
  return rights.map((right) => right.replace("=", " ")).join(", ");
}
