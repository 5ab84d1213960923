import type { SchemaIndex } from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";
import { isHarmlessUnique, type Tables } from "./constraints.ts";
import { cannotFail } from "./expressions.ts";
import { type About, additive, breaking, pair } from "./pair.ts";
import { asRestored } from "./restored.ts";

/** What came of the indexes of a table that there was before; those of constraints are told with these. */
export function compareIndexes(tables: Tables): readonly SchemaDifference[] {
  const { before, after } = tables;
  const { removed, added, kept } = pair(before.indexes, after.indexes, (one) => one.name);
  const changed = kept.filter((one) => textOf(one.before) !== textOf(one.after));
  return [
    ...removed.map((one) => judgeRemoved(aboutIndex(one, "removed"), one)),
    ...added.map((one) => judgeAdded(aboutIndex(one, "added"), one, tables)),
    ...changed.map((one) =>
      one.before.isUnique
        ? breaking(aboutIndex(one.after, "changed"), "unique in another way than before")
        : judgeAdded(aboutIndex(one.after, "changed"), one.after, tables),
    ),
  ];
}

function aboutIndex({ name }: SchemaIndex, change: About["change"]): About {
  return { kind: "index", name, change };
}

function textOf({ definition, isValid }: SchemaIndex): string {
  return `${asRestored(definition)} ${isValid}`;
}

function judgeRemoved(about: About, { isUnique }: SchemaIndex): SchemaDifference {
  return isUnique
    ? breaking(about, "dropped: `on conflict` that rests on it fails")
    : additive(about, "dropped: statements may be slower");
}

function judgeAdded(about: About, index: SchemaIndex, tables: Tables): SchemaDifference {
  if (index.isUnique) {
    return isHarmlessUnique(index, tables)
      ? additive(about, "unique, but over columns that older statements leave out")
      : breaking(about, "unique: rows that older statements write can be refused");
  }
  const columns = tables.after.columns.map(({ name }) => name);
  const doubtful = index.expressions.find((text) => !cannotFail(text, columns));
  return doubtful === undefined
    ? additive(about, "an index: it refuses nothing")
    : breaking(about, `it is computed at every write, which can fail: ${doubtful}`);
}
