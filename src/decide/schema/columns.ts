import type { SchemaColumn, SchemaRelation } from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";
import { cannotFail, defaultOf, isPlainDefault } from "./expressions.ts";
import { type About, additive, bareNameOf, type Both, breaking, pair } from "./pair.ts";
import { isWider } from "./wider.ts";

interface Tables {
  readonly before: SchemaRelation;
  readonly after: SchemaRelation;
}

/** What came of the columns of a table that there was before. */
export function compareColumns(table: Tables, both: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(
    table.before.columns,
    table.after.columns,
    (column) => column.name,
  );
  return [
    ...removed.map((column) =>
      breaking(
        aboutColumn(table.before, column, "removed"),
        "dropped or renamed: statements that name it fail",
      ),
    ),
    ...added.map((column) => judgeAdded(column, table, both)),
    ...kept.flatMap(({ before, after }) => compareColumn(table.after, before, after)),
    ...compareOrder(
      table,
      kept.map(({ before }) => before.name),
    ),
  ];
}

function aboutColumn(
  { name }: SchemaRelation,
  column: SchemaColumn,
  change: About["change"],
): About {
  return { kind: "column", name: `${name}.${column.name}`, change };
}

function judgeAdded(column: SchemaColumn, table: Tables, both: Both): SchemaDifference {
  const about = aboutColumn(table.after, column, "added");
  const clash = whyConfused(column, table, both) ?? whyUnfit(column, table.after);
  if (clash !== undefined) {
    return breaking(about, clash);
  }
  return column.isNullable
    ? additive(about, "new and optional: older statements leave it out")
    : additive(about, "new with a value of its own: older statements leave it out");
}

/** Why a new name could be taken for something else; undefined where it cannot. */
function whyConfused({ name }: SchemaColumn, { before }: Tables, both: Both): string | undefined {
  const other = both.before.relations.find(
    (relation) =>
      relation.name !== before.name && relation.columns.some((column) => column.name === name),
  );
  if (other !== undefined) {
    return `${other.name} has a column of that name: a statement over both that names no table becomes ambiguous`;
  }
  const bare = bareNameOf(before.name).toLowerCase();
  const mentions = both.before.functions.find(
    ({ words }) => words.includes(name.toLowerCase()) || words.includes(bare),
  );
  if (mentions !== undefined) {
    return `${mentions.signature} works with the table, or has a word of that name: its rows have another shape`;
  }
  const triggered = both.before.functions.find(
    (one) => one.takesRows && before.attached.some((at) => at.definition.includes(`${one.name}(`)),
  );
  if (triggered !== undefined) {
    return `the trigger's function ${triggered.signature} takes whole rows: they have another shape`;
  }
  return before.attached.some(({ kind }) => kind === "rule")
    ? "the table has rules, which see rows of another shape"
    : undefined;
}

/** Why a row that leaves the column out could be refused; undefined where it cannot. */
function whyUnfit(column: SchemaColumn, table: SchemaRelation): string | undefined {
  if (column.isDomain) {
    return `its type ${column.type} is a domain, which may refuse what older statements leave out`;
  }
  if (column.generated !== null) {
    const names = table.columns.map(({ name }) => name);
    return cannotFail(column.generated, names)
      ? undefined
      : `it is computed at every write, which can fail: ${column.generated}`;
  }
  if (column.identity !== null) {
    return undefined;
  }
  const value = defaultOf(column);
  if (value === null) {
    return column.isNullable
      ? undefined
      : "NOT NULL without a default: rows that older statements add are refused";
  }
  return isPlainDefault(value)
    ? undefined
    : `its default is computed, which needs rights and can fail: ${value}`;
}

function compareColumn(
  table: SchemaRelation,
  before: SchemaColumn,
  after: SchemaColumn,
): readonly SchemaDifference[] {
  const about = aboutColumn(table, after, "changed");
  const found: SchemaDifference[] = [];
  if (before.type !== after.type) {
    found.push(judgeType(about, before.type, after.type));
  }
  if (before.collation !== after.collation) {
    found.push(breaking(about, "another collation: it sorts and compares differently"));
  }
  if (before.isNullable && !after.isNullable) {
    found.push(breaking(about, "NOT NULL now: rows without a value are refused"));
  }
  if (!before.isNullable && after.isNullable) {
    found.push(additive(about, "no longer NOT NULL: nulls may be read"));
  }
  if (before.identity !== after.identity || before.generated !== after.generated) {
    found.push(breaking(about, "generated in another way than before"));
  } else if (defaultOf(before) !== defaultOf(after)) {
    found.push(judgeDefault(about, before, after));
  }
  return found;
}

function judgeType(about: About, before: string, after: string): SchemaDifference {
  if (isWider(before, after)) {
    return additive(
      about,
      `${before} -> ${after}: holds all that it held, longer values may be read`,
    );
  }
  const isBig = after === "bigint" && /^(?:integer|smallint)$/u.test(before);
  const why = isBig ? "node-postgres reads it as a string" : "other values are read and refused";
  return breaking(about, `${before} -> ${after}: ${why}`);
}

function judgeDefault(about: About, before: SchemaColumn, after: SchemaColumn): SchemaDifference {
  const [old, fresh] = [defaultOf(before), defaultOf(after)];
  if (old === null && !before.isNullable) {
    return additive(about, "has a default now: older statements give a value themselves");
  }
  const change = `${old ?? "none"} -> ${fresh ?? "none"}`;
  return breaking(about, `another default: rows that leave it out get another value (${change})`);
}

/** `insert into t values (…)` goes by the order. */
function compareOrder(
  { before, after }: Tables,
  kept: readonly string[],
): readonly SchemaDifference[] {
  const order = orderOf(after, kept);
  return orderOf(before, kept) === order
    ? []
    : [
        breaking(
          { kind: "table", name: after.name, change: "changed" },
          `its columns are in another order: ${order}`,
        ),
      ];
}

function orderOf({ columns }: SchemaRelation, kept: readonly string[]): string {
  const names = columns.map(({ name }) => name);
  return names.filter((name) => kept.includes(name)).join(", ");
}
