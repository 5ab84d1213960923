import type {
  SchemaColumn,
  SchemaConstraint,
  SchemaIndex,
  SchemaRelation,
} from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";
import { assertNever } from "../../model/assert-never.ts";
import { defaultOf, listsDefault, passesOnNull } from "./expressions.ts";
import { type About, additive, type Both, breaking, pair } from "./pair.ts";
import { asRestored } from "./restored.ts";

/** A table of which the older release knows nothing, or one that it knows, then and now. */
export interface Tables {
  readonly before: SchemaRelation;
  readonly after: SchemaRelation;
}

/** What came of the constraints of a table that there was before. */
export function compareConstraints(tables: Tables, both: Both): readonly SchemaDifference[] {
  const { before, after } = tables;
  const { removed, added, kept } = pair(before.constraints, after.constraints, (one) => one.name);
  return [
    ...removed.map((one) => judgeRemoved(aboutConstraint(after, one, "removed"), one)),
    ...added.map((one) => judgeAdded(one, tables, both)),
    ...kept
      .filter((one) => textOf(one.before) !== textOf(one.after))
      .map((one) =>
        breaking(aboutConstraint(after, one.after, "changed"), `it asks for something else now`),
      ),
  ];
}

/** Foreign keys to a table that the older release knows, from one that it does not: they bind what it deletes. */
export function judgeReferences(relation: SchemaRelation, both: Both): readonly SchemaDifference[] {
  return relation.constraints
    .filter(({ references }) => isKnown(references, both))
    .map((one) => judgeReference(aboutConstraint(relation, one, "added"), one));
}

function aboutConstraint(
  { name }: SchemaRelation,
  constraint: SchemaConstraint,
  change: About["change"],
): About {
  return { kind: constraint.kind, name: `${name} ${constraint.name}`, change };
}

/** Whether existing rows were looked at makes no difference to new ones. */
function textOf({ definition }: SchemaConstraint): string {
  return asRestored(definition.replace(/ NOT VALID$/u, ""));
}

function judgeRemoved(about: About, { kind, onDelete }: SchemaConstraint): SchemaDifference {
  switch (kind) {
    case "check":
      return additive(about, "dropped: values that it refused may be read");
    case "foreign-key":
      return onDelete === "no action" || onDelete === "restrict"
        ? additive(about, "dropped: rows may be read whose parent is gone")
        : breaking(about, `dropped: deleting the parent no longer does \`${onDelete}\``);
    case "primary-key":
    case "unique":
    case "exclusion":
      return breaking(about, "dropped: `on conflict` and `group by` that rest on it fail");
    default:
      return assertNever(kind);
  }
}

function judgeAdded(one: SchemaConstraint, tables: Tables, both: Both): SchemaDifference {
  const about = aboutConstraint(tables.after, one, "added");
  if (one.kind === "foreign-key" && isKnown(one.references, both)) {
    return isLeftOut(one.columns, tables)
      ? judgeReference(about, one)
      : breaking(about, "new: rows that older statements write can be refused");
  }
  return isHarmless(one, tables)
    ? additive(about, "new, but for columns that older statements leave out")
    : breaking(about, "new: rows that older statements write can be refused");
}

function judgeReference(
  about: About,
  { onDelete, references }: SchemaConstraint,
): SchemaDifference {
  return onDelete === "cascade" || onDelete === "set null"
    ? additive(about, `new: deleting rows of ${references} does \`${onDelete}\` there`)
    : breaking(about, `new: rows of ${references} that are referred to cannot be deleted`);
}

function isKnown(references: string | null, { before }: Both): boolean {
  return before.relations.some(({ name }) => name === references);
}

/** Whether rows whose new columns are left out always pass. */
function isHarmless(one: SchemaConstraint, tables: Tables): boolean {
  if (one.kind === "check") {
    return isLeftOut(one.columns, tables)
      ? passesOnNull(one.definition, one.columns)
      : hasListedDefault(one, tables);
  }
  const isNull = one.kind === "unique" || one.kind === "foreign-key";
  const isDistinct = !/NULLS NOT DISTINCT|MATCH FULL/u.test(one.definition);
  return isNull && isDistinct && isLeftOut(one.columns, tables);
}

function hasListedDefault({ definition, columns }: SchemaConstraint, tables: Tables): boolean {
  const [column] = newColumns(tables, columns);
  const text = column === undefined ? null : defaultOf(column);
  return (
    columns.length === 1 &&
    column !== undefined &&
    text !== null &&
    listsDefault(definition, column.name, text)
  );
}

/** Whether all of these columns are new and null where nobody gives them a value. */
function isLeftOut(columns: readonly string[], tables: Tables): boolean {
  const found = newColumns(tables, columns);
  return (
    columns.length > 0 &&
    found.length === columns.length &&
    found.every(
      (column) =>
        defaultOf(column) === null &&
        column.isNullable &&
        column.identity === null &&
        column.generated === null,
    )
  );
}

function newColumns({ before, after }: Tables, names: readonly string[]): readonly SchemaColumn[] {
  return after.columns.filter(
    ({ name }) => names.includes(name) && !before.columns.some((column) => column.name === name),
  );
}

/** Whether a unique index can only be broken by what the older release does not write. */
export function isHarmlessUnique(index: SchemaIndex, tables: Tables): boolean {
  return (
    !index.nullsNotDistinct && index.expressions.length === 0 && isLeftOut(index.columns, tables)
  );
}
