import type { SchemaCatalogue, SchemaFunction, SchemaType } from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";
import { type About, additive, bareNameOf, type Both, breaking, pair } from "./pair.ts";
import { asRestored } from "./restored.ts";
import { whyShadowing } from "./shadows.ts";

/** What came of functions. */
export function compareFunctions(both: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(
    both.before.functions,
    both.after.functions,
    (one) => one.signature,
  );
  return [
    ...removed.map((one) =>
      breaking(aboutFunction(one, "removed"), "dropped: what calls it fails"),
    ),
    ...added.map((one) => {
      const why = whyTaken(one, both);
      return why === undefined
        ? additive(aboutFunction(one, "added"), "new: older statements do not call it")
        : breaking(aboutFunction(one, "added"), why);
    }),
    ...kept
      .filter(({ before, after }) => before.hash !== after.hash)
      .map(({ after }) =>
        breaking(aboutFunction(after, "changed"), "replaced: it may do something else"),
      ),
  ];
}

function aboutFunction({ signature }: SchemaFunction, change: About["change"]): About {
  return { kind: "function", name: signature, change };
}

/** Why a call of another function could find this one. */
function whyTaken(one: SchemaFunction, { before }: Both): string | undefined {
  const other = before.functions.find(({ name }) => bareNameOf(name) === bareNameOf(one.name));
  if (other !== undefined) {
    return `a call of ${other.signature} could find it, or become ambiguous`;
  }
  return one.isLikeBuiltIn ? "PostgreSQL has functions of that name: calls may find it" : undefined;
}

/** What came of types. */
export function compareTypes(both: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(both.before.types, both.after.types, (one) => one.name);
  return [
    ...removed.map((one) => breaking(aboutType(one, "removed"), "dropped: what names it fails")),
    ...added.map((one) => judgeNew(aboutType(one, "added"), both)),
    ...kept
      .filter(({ before, after }) => textOf(before) !== textOf(after))
      .map(({ before, after }) =>
        breaking(aboutType(after, "changed"), tellChanged(before, after)),
      ),
  ];
}

function aboutType({ kind, name }: SchemaType, change: About["change"]): About {
  return aboutThing(kind === "enum" || kind === "domain" ? kind : "type", name, change);
}

function aboutThing(kind: string, name: string, change: About["change"]): About {
  return { kind, name, change };
}

function textOf({ kind, values, definition }: SchemaType): string {
  return JSON.stringify([kind, values, asRestored(definition)]);
}

/** A value that the older release has never seen can be in any row by now: that it is not cannot be proven without reading them all. */
function tellChanged(before: SchemaType, after: SchemaType): string {
  const added = after.values.filter((one) => !before.values.includes(one));
  const gone = before.values.filter((one) => !after.values.includes(one));
  if (gone.length > 0) {
    return `dropped or renamed values: ${gone.join(", ")}`;
  }
  return added.length > 0
    ? `new values that the older code may read and does not know: ${added.join(", ")}`
    : "defined in another way than before";
}

function judgeNew(about: About, both: Both): SchemaDifference {
  const why = whyShadowing(about.name, both);
  return why === undefined
    ? additive(about, "new: older statements do not know it")
    : breaking(about, why);
}

/** What came of sequences. */
export function compareSequences(both: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(
    both.before.sequences,
    both.after.sequences,
    (one) => one.name,
  );
  return [
    ...removed.map((one) =>
      breaking(aboutThing("sequence", one.name, "removed"), "dropped: what names it fails"),
    ),
    ...added.map((one) => judgeNew(aboutThing("sequence", one.name, "added"), both)),
    ...kept
      .filter(({ before, after }) => before.definition !== after.definition)
      .map(({ after }) =>
        breaking(aboutThing("sequence", after.name, "changed"), "it counts in another way"),
      ),
  ];
}

/** What came of extensions. */
export function compareExtensions({ before, after }: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(before.extensions, after.extensions, (one) => one.name);
  return [
    ...removed.map((one) =>
      breaking(aboutThing("extension", one.name, "removed"), "dropped: what uses it fails"),
    ),
    ...added.map((one) =>
      one.overloads.length === 0
        ? additive(
            aboutThing("extension", one.name, "added"),
            "new, and nothing in it can be taken for another",
          )
        : breaking(
            aboutThing("extension", one.name, "added"),
            `older statements could find its ${one.overloads.slice(0, 5).join(", ")}`,
          ),
    ),
    ...kept
      .filter((one) => one.before.definition !== one.after.definition)
      .map((one) =>
        breaking(
          aboutThing("extension", one.after.name, "changed"),
          "of another version or schema",
        ),
      ),
  ];
}

/** Others that do nothing until they are named. */
const SILENT: ReadonlySet<string> = new Set([
  "collation",
  "text-search-configuration",
  "server",
  "membership",
]);

/** What came of everything else, schemas included. */
export function compareOthers({ before, after }: Both): readonly SchemaDifference[] {
  const { removed, added, kept } = pair(
    [...before.others, ...before.schemas.map(asOther)],
    [...after.others, ...after.schemas.map(asOther)],
    ({ kind, name }) => `${kind} ${name}`,
  );
  return [
    ...removed.map((one) =>
      breaking(
        { kind: one.kind, name: one.name, change: "removed" },
        "dropped: what needs it fails",
      ),
    ),
    ...added.map((one) => {
      const about = { kind: one.kind, name: one.name, change: "added" } as const;
      return one.kind === "schema" || SILENT.has(one.kind)
        ? additive(about, "new: it does nothing to older statements")
        : breaking(about, `new: it acts on every statement (${one.definition})`);
    }),
    ...kept
      .filter((one) => one.before.definition !== one.after.definition)
      .map(({ after: { kind, name, definition } }) =>
        breaking({ kind, name, change: "changed" }, `defined in another way: ${definition}`),
      ),
  ];
}

function asOther({ name }: SchemaCatalogue["schemas"][number]): {
  readonly kind: string;
  readonly name: string;
  readonly definition: string;
} {
  return { kind: "schema", name, definition: "" };
}
