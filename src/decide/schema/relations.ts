import type { SchemaRelation } from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";
import { compareColumns } from "./columns.ts";
import { compareConstraints, judgeReferences } from "./constraints.ts";
import { compareIndexes } from "./indexes.ts";
import { type About, additive, type Both, breaking, pair } from "./pair.ts";
import { asRestored } from "./restored.ts";
import { whyShadowing } from "./shadows.ts";

/** What came of tables and views. */
export function compareRelations(both: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(
    both.before.relations,
    both.after.relations,
    (relation) => relation.name,
  );
  return [
    ...removed.map((relation) => judgeRemoved(relation, added)),
    ...added.flatMap((relation) => judgeAdded(relation, both)),
    ...kept.flatMap((one) => compareRelation(one, both)),
  ];
}

function aboutRelation({ kind, name }: SchemaRelation, change: About["change"]): About {
  return { kind: isView(kind) ? "view" : "table", name, change };
}

function isView(kind: SchemaRelation["kind"]): boolean {
  return kind === "view" || kind === "materialized";
}

function judgeRemoved(
  relation: SchemaRelation,
  added: readonly SchemaRelation[],
): SchemaDifference {
  const renamed = added.find((one) => columnsOf(one) === columnsOf(relation));
  const how = renamed === undefined ? "dropped" : `dropped, or renamed to ${renamed.name}`;
  return breaking(aboutRelation(relation, "removed"), `${how}: statements that name it fail`);
}

function columnsOf({ columns }: SchemaRelation): string {
  return columns.map(({ name, type }) => `${name} ${type}`).join(", ");
}

function judgeAdded(relation: SchemaRelation, both: Both): readonly SchemaDifference[] {
  const about = aboutRelation(relation, "added");
  const why = whyShadowing(relation.name, both) ?? whyBinding(relation, both);
  return [
    why === undefined
      ? additive(about, "new: older statements do not know it")
      : breaking(about, why),
    ...judgeReferences(relation, both),
  ];
}

/** Why a new table changes what an older statement does to a table that it knows. */
function whyBinding(relation: SchemaRelation, { before }: Both): string | undefined {
  const parent = before.relations.find(({ name }) => relation.inherits.includes(name));
  if (parent !== undefined) {
    return `it inherits from ${parent.name}: its rows are read with those`;
  }
  const { partitionOf } = relation;
  const whole = before.relations.find(({ name }) => name === partitionOf?.parent);
  return whole === undefined ? undefined : whyStricter(relation, whole);
}

/** A partition takes rows that older statements write into the whole. */
function whyStricter(partition: SchemaRelation, whole: SchemaRelation): string | undefined {
  const isStricter =
    partition.kind === "foreign" ||
    partition.attached.length > 0 ||
    partition.indexes.some(({ isUnique }) => isUnique) ||
    partition.constraints.some(({ isInherited }) => !isInherited) ||
    partition.columns.some(
      (column) =>
        !column.isNullable &&
        whole.columns.some((one) => one.name === column.name && one.isNullable),
    );
  return isStricter ? `a partition of ${whole.name} that asks for more than that` : undefined;
}

function compareRelation(
  tables: { readonly before: SchemaRelation; readonly after: SchemaRelation },
  both: Both,
): readonly SchemaDifference[] {
  const { before, after } = tables;
  const own = whyChanged(before, after).map((why) =>
    breaking(aboutRelation(after, "changed"), why),
  );
  if (isView(after.kind) && isView(before.kind)) {
    return [...own, ...compareIndexes(tables), ...compareAttached(before, after)];
  }
  return [
    ...own,
    ...compareColumns(tables, both),
    ...compareConstraints(tables, both),
    ...compareIndexes(tables),
    ...compareAttached(before, after),
  ];
}

function whyChanged(before: SchemaRelation, after: SchemaRelation): readonly string[] {
  const changes: readonly (readonly [boolean, string])[] = [
    [before.kind !== after.kind, `a ${before.kind} then, a ${after.kind} now`],
    [
      before.persistence !== after.persistence,
      `${before.persistence} then, ${after.persistence} now`,
    ],
    [
      before.rowSecurity !== after.rowSecurity,
      `row security was ${before.rowSecurity} and is ${after.rowSecurity}: other rows are seen and taken`,
    ],
    [
      definitionOf(before) !== definitionOf(after),
      "defined in another way: other rows may be read",
    ],
    [
      JSON.stringify([before.partitionOf, before.inherits]) !==
        JSON.stringify([after.partitionOf, after.inherits]),
      "attached to another parent, or with other bounds",
    ],
    [before.isPopulated && !after.isPopulated, "not filled: it refuses to be read"],
  ];
  return changes.flatMap(([isChanged, why]) => (isChanged ? [why] : []));
}

function definitionOf({ definition }: { readonly definition: string | null }): string {
  return asRestored(definition ?? "");
}

/** Triggers, policies and rules act on statements that nobody wrote for them. */
function compareAttached(
  before: SchemaRelation,
  after: SchemaRelation,
): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(
    before.attached,
    after.attached,
    ({ kind, name }) => `${kind} ${name}`,
  );
  const changed = kept.filter((one) => definitionOf(one.before) !== definitionOf(one.after));
  function judge(
    one: SchemaRelation["attached"][number],
    change: About["change"],
  ): SchemaDifference {
    const about = { kind: one.kind, name: `${after.name} ${one.name}`, change };
    return breaking(about, `statements on ${after.name} do something else with it`);
  }
  return [
    ...removed.map((one) => judge(one, "removed")),
    ...added.map((one) => judge(one, "added")),
    ...changed.map((one) => judge(one.after, "changed")),
  ];
}
