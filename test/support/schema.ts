import type {
  SchemaCatalogue,
  SchemaColumn,
  SchemaConstraint,
  SchemaFunction,
  SchemaIndex,
  SchemaRelation,
} from "../../src/model/schema-catalogue.ts";

/** A catalogue with these tables and nothing else. */
export function aCatalogue(
  relations: readonly SchemaRelation[] = [],
  over: Partial<SchemaCatalogue> = {},
): SchemaCatalogue {
  return {
    format: 1,
    serverMajor: 15,
    schemas: [],
    relations: [...relations],
    functions: [],
    types: [],
    sequences: [],
    extensions: [],
    others: [],
    ...over,
  };
}

/** A table of a name without a schema of its own, with these columns. */
export function aTable(
  name: string,
  columns: readonly SchemaColumn[],
  over: Partial<SchemaRelation> = {},
): SchemaRelation {
  return {
    name: `public.${name}`,
    kind: "table",
    owner: "owner",
    persistence: "permanent",
    rowSecurity: "off",
    definition: null,
    partitionOf: null,
    inherits: [],
    isPopulated: true,
    columns: [...columns],
    constraints: [],
    indexes: [],
    attached: [],
    rights: [],
    ...over,
  };
}

/** A nullable text. */
export function aColumn(name: string, over: Partial<SchemaColumn> = {}): SchemaColumn {
  return {
    name,
    type: "text",
    isDomain: false,
    isNullable: true,
    default: null,
    identity: null,
    generated: null,
    collation: null,
    rights: [],
    ...over,
  };
}

/** A CHECK over one column. */
export function aConstraint(
  name: string,
  columns: readonly string[],
  over: Partial<SchemaConstraint> = {},
): SchemaConstraint {
  return {
    name,
    kind: "check",
    definition: "CHECK (true)",
    columns: [...columns],
    references: null,
    onDelete: null,
    isInherited: false,
    ...over,
  };
}

/** A plain index. */
export function anIndex(
  name: string,
  columns: readonly string[],
  over: Partial<SchemaIndex> = {},
): SchemaIndex {
  return {
    name,
    definition: `CREATE INDEX ${name} ON (${columns.join(", ")})`,
    isUnique: false,
    isValid: true,
    nullsNotDistinct: false,
    columns: [...columns],
    expressions: [],
    ...over,
  };
}

/** A function without arguments. */
export function aFunction(name: string, over: Partial<SchemaFunction> = {}): SchemaFunction {
  return {
    signature: `public.${name}()`,
    name: `public.${name}`,
    hash: "1111",
    words: [],
    takesRows: false,
    isLikeBuiltIn: false,
    owner: "owner",
    rights: [],
    ...over,
  };
}
