import type { SchemaCatalogue, SchemaRelation, SchemaType } from "../../model/schema-catalogue.ts";
import type { SchemaUndo } from "../../model/schema-difference.ts";
import { pair, type Paired } from "./pair.ts";

/**
 * Statements that take what a newer schema added away again, in an order in which they can be run. Advice for a person: nothing runs
 * them, what else differs is not in them, and each says what is lost with it.
 */
export function undoAdditions(
  before: SchemaCatalogue,
  after: SchemaCatalogue,
): readonly SchemaUndo[] {
  const relations = pair(before.relations, after.relations, ({ name }) => name);
  // A view in the place of a table: what it stands for is elsewhere.
  const replaced = relations.kept.filter((one) => isView(one.after) && !isView(one.before));
  const fresh = [...relations.added, ...replaced.map((one) => one.after)];
  function added(kind: SchemaRelation["kind"]): readonly string[] {
    return fresh.filter((one) => one.kind === kind).map(({ name }) => name);
  }
  return [
    ...dropAll("view", added("view")),
    ...dropAll("materialized view", added("materialized")),
    ...relations.kept.filter((one) => !isView(one.after)).flatMap(undoOnTable),
    ...dropAll("foreign table", added("foreign")),
    ...dropAll("table", [...added("table"), ...added("partitioned")]),
    ...undoThings(before, after),
  ];
}

function isView({ kind }: SchemaRelation): boolean {
  return kind === "view" || kind === "materialized";
}

/** In one statement: they may refer to one another. */
function dropAll(what: string, names: readonly string[]): readonly SchemaUndo[] {
  const all = names.join(", ");
  const loses = what === "table" ? `every row of ${all}` : null;
  return names.length === 0 ? [] : [{ statement: `drop ${what} ${all};`, loses }];
}

function harmless(statement: string): SchemaUndo {
  return { statement: `${statement};`, loses: null };
}

function undoOnTable({
  before,
  after,
}: Paired<SchemaRelation>["kept"][number]): readonly SchemaUndo[] {
  const attached = pair(before.attached, after.attached, ({ kind, name }) => `${kind} ${name}`);
  const constraints = pair(before.constraints, after.constraints, ({ name }) => name);
  const indexes = pair(before.indexes, after.indexes, ({ name }) => name);
  const columns = pair(before.columns, after.columns, ({ name }) => name);
  return [
    ...attached.added.map((one) =>
      harmless(`drop ${one.kind} ${quoted(one.name)} on ${after.name}`),
    ),
    ...constraints.added.map((one) =>
      harmless(`alter table ${after.name} drop constraint ${quoted(one.name)}`),
    ),
    ...indexes.added.map((one) => harmless(`drop index ${one.name}`)),
    ...columns.added.map((one) => ({
      statement: `alter table ${after.name} drop column ${quoted(one.name)};`,
      loses: one.generated === null ? `every value of ${after.name}.${one.name}` : null,
    })),
  ];
}

function undoThings(before: SchemaCatalogue, after: SchemaCatalogue): readonly SchemaUndo[] {
  const functions = pair(before.functions, after.functions, ({ signature }) => signature);
  const sequences = pair(before.sequences, after.sequences, ({ name }) => name);
  const types = pair(before.types, after.types, ({ name }) => name);
  const extensions = pair(before.extensions, after.extensions, ({ name }) => name);
  const schemas = pair(before.schemas, after.schemas, ({ name }) => name);
  return [
    ...functions.added.map(({ signature }) => harmless(`drop routine ${signature}`)),
    // One that belongs to a column goes with it.
    ...sequences.added
      .filter(({ definition }) => definition.endsWith(", of "))
      .map(({ name }) => harmless(`drop sequence ${name}`)),
    ...types.added.map((one) => harmless(`drop ${wordFor(one)} ${one.name}`)),
    ...extensions.added.map(({ name }) => harmless(`drop extension ${quoted(name)}`)),
    ...schemas.added.map(({ name }) => harmless(`drop schema ${quoted(name)}`)),
  ];
}

function wordFor({ kind }: SchemaType): string {
  return kind === "domain" ? "domain" : "type";
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
