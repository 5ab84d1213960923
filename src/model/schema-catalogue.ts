import { z } from "zod";

/** Rights as `grantee=RIGHT`, sorted; those that an owner has by default are among them. */
const Rights = z.array(z.string());

/** A column, in the order of its table. Expressions are as PostgreSQL writes them, names outside pg_catalog qualified. */
export const SchemaColumn = z.object({
  name: z.string(),
  /** With its modifiers, such as `numeric(9,4)`. */
  type: z.string(),
  isDomain: z.boolean(),
  isNullable: z.boolean(),
  default: z.string().nullable(),
  identity: z.enum(["always", "by-default"]).nullable(),
  /** The expression that it is generated from. */
  generated: z.string().nullable(),
  /** null where it is the type's own. */
  collation: z.string().nullable(),
  rights: Rights,
});
export type SchemaColumn = z.infer<typeof SchemaColumn>;

/** A constraint of a table; NOT NULL is told by the column. */
export const SchemaConstraint = z.object({
  name: z.string(),
  kind: z.enum(["check", "foreign-key", "primary-key", "unique", "exclusion"]),
  definition: z.string(),
  columns: z.array(z.string()),
  /** The table that a foreign key points to. */
  references: z.string().nullable(),
  onDelete: z.enum(["no action", "restrict", "cascade", "set null", "set default"]).nullable(),
  /** Whether it comes from the parent table. */
  isInherited: z.boolean(),
});
export type SchemaConstraint = z.infer<typeof SchemaConstraint>;

/** An index that is not part of a constraint. */
export const SchemaIndex = z.object({
  name: z.string(),
  definition: z.string(),
  isUnique: z.boolean(),
  isValid: z.boolean(),
  nullsNotDistinct: z.boolean(),
  /** The columns of its key; expressions are left out. */
  columns: z.array(z.string()),
  /** Its expressions and its predicate: what is evaluated at every write. */
  expressions: z.array(z.string()),
});
export type SchemaIndex = z.infer<typeof SchemaIndex>;

/** What acts beside the statements that one writes. */
const Attached = z.object({
  kind: z.enum(["trigger", "policy", "rule"]),
  name: z.string(),
  definition: z.string(),
});

/** A table or view with everything that hangs on it. */
export const SchemaRelation = z.object({
  /** `schema.name`, quoted where PostgreSQL would. */
  name: z.string(),
  kind: z.enum(["table", "partitioned", "foreign", "view", "materialized"]),
  owner: z.string(),
  persistence: z.enum(["permanent", "unlogged"]),
  rowSecurity: z.enum(["off", "on", "forced"]),
  /** Of a view: its query and options. Of a partitioned table: its key. */
  definition: z.string().nullable(),
  /** The parent of a partition, and which rows are its own. */
  partitionOf: z.object({ parent: z.string(), bound: z.string() }).nullable(),
  /** Parents that it inherits from in the old way. */
  inherits: z.array(z.string()),
  /** false for a materialized view that was never filled: it refuses to be read. */
  isPopulated: z.boolean(),
  columns: z.array(SchemaColumn),
  constraints: z.array(SchemaConstraint),
  indexes: z.array(SchemaIndex),
  attached: z.array(Attached),
  rights: Rights,
});
export type SchemaRelation = z.infer<typeof SchemaRelation>;

/** A function, procedure or aggregate. */
export const SchemaFunction = z.object({
  /** `schema.name(types)`. */
  signature: z.string(),
  /** `schema.name`. */
  name: z.string(),
  /** sha256 in hex over its whole definition. */
  hash: z.string(),
  /** The words of its body, arguments and result, in lower case: what it may be about. */
  words: z.array(z.string()),
  /** Whether its body takes rows as a whole (`*`). */
  takesRows: z.boolean(),
  /** Whether PostgreSQL itself has functions of that name. */
  isLikeBuiltIn: z.boolean(),
  owner: z.string(),
  rights: Rights,
});
export type SchemaFunction = z.infer<typeof SchemaFunction>;

/** A type that somebody made; an enumeration with its values in order. */
export const SchemaType = z.object({
  name: z.string(),
  kind: z.enum(["enum", "domain", "composite", "range", "base"]),
  values: z.array(z.string()),
  definition: z.string(),
  owner: z.string(),
  rights: Rights,
});
export type SchemaType = z.infer<typeof SchemaType>;

/** Anything else that has a name and a definition. */
const Defined = z.object({ name: z.string(), definition: z.string() });

const Owned = z.object({ owner: z.string(), rights: Rights });

/** Kinds of things of which only the definition is compared. */
export const OTHER_KINDS = [
  "cast",
  "operator",
  "collation",
  "text-search-configuration",
  "server",
  "event-trigger",
  "publication",
  "setting",
  "membership",
] as const;

/** The structure of a database at one moment, without its data. Lists are sorted by name; what belongs to an extension is left out. */
export const SchemaCatalogue = z.object({
  format: z.literal(1),
  /** Of the server, such as 15. */
  serverMajor: z.number(),
  schemas: z.array(Owned.extend({ name: z.string() })),
  relations: z.array(SchemaRelation),
  functions: z.array(SchemaFunction),
  types: z.array(SchemaType),
  sequences: z.array(Defined.extend(Owned.shape)),
  extensions: z.array(
    Defined.extend({
      /** Its functions, operators and casts that could be taken for others. */
      overloads: z.array(z.string()),
    }),
  ),
  others: z.array(Defined.extend({ kind: z.enum(OTHER_KINDS) })),
});
export type SchemaCatalogue = z.infer<typeof SchemaCatalogue>;
