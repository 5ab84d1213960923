import { describe, expect, it } from "vitest";
import { compareSchemas } from "../../../src/decide/schema/compare.ts";
import { tellDifferences } from "../../../src/decide/schema/tell.ts";
import type {
  SchemaCatalogue,
  SchemaRelation,
  SchemaType,
} from "../../../src/model/schema-catalogue.ts";
import type { SchemaVerdict } from "../../../src/model/schema-difference.ts";
import {
  aCatalogue,
  aColumn,
  aConstraint,
  aFunction,
  anIndex,
  aTable,
} from "../../support/schema.ts";

const ID = aColumn("id", { type: "integer", isNullable: false });
const NAME = aColumn("name");
const FINDING = aColumn("finding");
const OTHER = aTable("others", [aColumn("badge")]);
const SHIFT: SchemaType = {
  name: "public.shift",
  kind: "enum",
  values: ["day", "night"],
  definition: "",
  owner: "owner",
  rights: [],
};
const KEY = aConstraint("of_rounds", ["round_id"], {
  kind: "foreign-key",
  definition: "FOREIGN KEY (round_id) REFERENCES public.rounds(id)",
  references: "public.rounds",
  onDelete: "no action",
});
const TRIGGER = {
  kind: "trigger",
  name: "audit",
  definition: "CREATE TRIGGER audit … EXECUTE FUNCTION public.audit()",
} as const;

function rounds(over: Partial<SchemaRelation> = {}): SchemaRelation {
  return aTable("rounds", [ID, NAME], over);
}

function withRounds(
  over: Partial<SchemaRelation>,
  more: Partial<SchemaCatalogue> = {},
): SchemaCatalogue {
  return aCatalogue([rounds(over), OTHER], more);
}

function having(more: Partial<SchemaCatalogue>): SchemaCatalogue {
  return withRounds({}, more);
}

function adding(...relations: readonly SchemaRelation[]): SchemaCatalogue {
  return aCatalogue([rounds(), OTHER, ...relations]);
}

const COLUMNS = [ID, NAME, FINDING];
const WITH_FINDING = { columns: COLUMNS };
const CHECKED = aConstraint("checked", ["finding"], { definition: "CHECK ((finding > 0))" });
const UNIQUE = aConstraint("one", ["finding"], { kind: "unique", definition: "UNIQUE (finding)" });

/** As PostgreSQL 15 writes `name in ('a', 'b')`, and how once it was dumped and restored. */
const LISTED =
  "CHECK (((name)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))";
const RESTORED =
  "CHECK (((name)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))";

/** A schema that says it everywhere. */
function listing(definition: string): SchemaCatalogue {
  return aCatalogue(
    [
      rounds({
        indexes: [anIndex("i", ["name"], { definition, isUnique: true })],
        attached: [{ kind: "policy", name: "p", definition }],
      }),
      aTable("seen", [], { kind: "view", definition }),
    ],
    { types: [{ ...SHIFT, kind: "domain", definition }] },
  );
}

/** What the newer schema is like, its verdict, and the two schemas; what live tests show is not repeated. */
const ROWS: readonly (readonly [string, SchemaVerdict, SchemaCatalogue, SchemaCatalogue])[] = [
  ["is the same", "unchanged", having({}), having({})],
  // Whose rows have another shape: only where nothing in the database could mind.
  ["has a column that nothing mentions", "additive", having({}), withRounds(WITH_FINDING)],
  [
    "has a column of which a function has a word",
    "breaking",
    having({ functions: [aFunction("f", { words: ["finding"] })] }),
    withRounds(WITH_FINDING, { functions: [aFunction("f", { words: ["finding"] })] }),
  ],
  [
    "has a column in a table that a function mentions",
    "breaking",
    having({ functions: [aFunction("f", { words: ["rounds"] })] }),
    withRounds(WITH_FINDING, { functions: [aFunction("f", { words: ["rounds"] })] }),
  ],
  [
    "has a column in a table whose trigger takes whole rows",
    "breaking",
    withRounds({ attached: [TRIGGER] }, { functions: [aFunction("audit", { takesRows: true })] }),
    withRounds(
      { ...WITH_FINDING, attached: [TRIGGER] },
      { functions: [aFunction("audit", { takesRows: true })] },
    ),
  ],
  [
    "has a required column whose default is a null",
    "breaking",
    having({}),
    withRounds({
      columns: [ID, NAME, aColumn("finding", { isNullable: false, default: "NULL::text" })],
    }),
  ],
  ["has its columns in another order", "breaking", having({}), withRounds({ columns: [NAME, ID] })],
  // Constraints for what older statements leave out.
  [
    "checks a new column that may be null",
    "additive",
    having({}),
    withRounds({ ...WITH_FINDING, constraints: [CHECKED] }),
  ],
  [
    "checks a column that there was",
    "breaking",
    withRounds(WITH_FINDING),
    withRounds({ ...WITH_FINDING, constraints: [CHECKED] }),
  ],
  [
    "makes a new column unique",
    "additive",
    having({}),
    withRounds({ ...WITH_FINDING, constraints: [UNIQUE] }),
  ],
  [
    "makes a new column unique whose default is always the same",
    "breaking",
    having({}),
    withRounds({
      columns: [ID, NAME, aColumn("finding", { default: "'x'::text" })],
      constraints: [UNIQUE],
    }),
  ],
  [
    "takes nulls of a new unique column for the same",
    "breaking",
    having({}),
    withRounds({
      ...WITH_FINDING,
      indexes: [anIndex("one", ["finding"], { isUnique: true, nullsNotDistinct: true })],
    }),
  ],
  [
    "no longer looks whether old rows pass",
    "unchanged",
    withRounds({
      constraints: [aConstraint("c", ["name"], { definition: "CHECK (a) NOT VALID" })],
    }),
    withRounds({ constraints: [aConstraint("c", ["name"], { definition: "CHECK (a)" })] }),
  ],
  [
    "was dumped and restored, which casts lists in another way",
    "unchanged",
    withRounds({ constraints: [aConstraint("c", ["name"], { definition: LISTED })] }),
    withRounds({ constraints: [aConstraint("c", ["name"], { definition: RESTORED })] }),
  ],
  [
    "lists other values since it was restored",
    "breaking",
    withRounds({ constraints: [aConstraint("c", ["name"], { definition: LISTED })] }),
    withRounds({
      constraints: [aConstraint("c", ["name"], { definition: RESTORED.replace("'b'", "'c'") })],
    }),
  ],
  [
    "was restored with a view, an index, a policy and a domain",
    "unchanged",
    listing(LISTED),
    listing(RESTORED),
  ],
  [
    "checks something else under the same name",
    "breaking",
    withRounds({ constraints: [aConstraint("c", ["name"], { definition: "CHECK (a)" })] }),
    withRounds({ constraints: [aConstraint("c", ["name"], { definition: "CHECK (b)" })] }),
  ],
  // What a new table does to those that there were.
  [
    "has a new table that holds rows of an old one",
    "breaking",
    having({}),
    adding(aTable("findings", [ID], { constraints: [KEY] })),
  ],
  [
    "has a new table that lets rows of an old one go",
    "additive",
    having({}),
    adding(aTable("findings", [ID], { constraints: [{ ...KEY, onDelete: "set null" }] })),
  ],
  [
    "has a new table that falls back to a default when a row of an old one goes",
    "breaking",
    having({}),
    adding(aTable("findings", [ID], { constraints: [{ ...KEY, onDelete: "set default" }] })),
  ],
  [
    "has a table of the same name in another schema",
    "breaking",
    having({}),
    adding(aTable("rounds", [ID], { name: 'app."rounds"' })),
  ],
  [
    "has a partition that takes nulls where the whole does",
    "additive",
    aCatalogue([rounds({ kind: "partitioned" })]),
    aCatalogue([
      rounds({ kind: "partitioned" }),
      aTable("part", [ID, NAME], { partitionOf: { parent: "public.rounds", bound: "x" } }),
    ]),
  ],
  [
    "has a partition that takes no nulls where the whole does",
    "breaking",
    aCatalogue([rounds({ kind: "partitioned" })]),
    aCatalogue([
      rounds({ kind: "partitioned" }),
      aTable("part", [ID, aColumn("name", { isNullable: false })], {
        partitionOf: { parent: "public.rounds", bound: "x" },
      }),
    ]),
  ],
  // Indexes.
  [
    "has an invalid unique index",
    "breaking",
    withRounds({ indexes: [anIndex("i", ["name"], { isUnique: true })] }),
    withRounds({ indexes: [anIndex("i", ["name"], { isUnique: true, isValid: false })] }),
  ],
  [
    "has a plain index in another way",
    "additive",
    withRounds({ indexes: [anIndex("i", ["name"])] }),
    withRounds({ indexes: [anIndex("i", ["name", "id"])] }),
  ],
  // Everything else.
  [
    "has a value more in an enumeration",
    "breaking",
    having({ types: [SHIFT] }),
    having({ types: [{ ...SHIFT, values: ["day", "late", "night"] }] }),
  ],
  [
    "has a function like one of PostgreSQL's",
    "breaking",
    having({}),
    having({ functions: [aFunction("length", { isLikeBuiltIn: true })] }),
  ],
  [
    "publishes its tables",
    "breaking",
    having({}),
    having({ others: [{ kind: "publication", name: "p", definition: "t t t t" }] }),
  ],
  [
    "has a new member of a role",
    "additive",
    having({}),
    having({ others: [{ kind: "membership", name: "app in readers", definition: "" }] }),
  ],
  [
    "has lost a member of a role",
    "breaking",
    having({ others: [{ kind: "membership", name: "app in readers", definition: "" }] }),
    having({}),
  ],
  [
    "grants a right on a column",
    "additive",
    having({}),
    withRounds({ columns: [ID, aColumn("name", { rights: ["app=SELECT"] })] }),
  ],
  [
    "revokes a right on a column",
    "breaking",
    withRounds({ columns: [ID, aColumn("name", { rights: ["app=SELECT"] })] }),
    having({}),
  ],
  ["has another owner", "breaking", having({}), withRounds({ owner: "somebody" })],
  [
    "has an extension that could be taken for another",
    "breaking",
    having({}),
    having({ extensions: [{ name: "citext", definition: "1", overloads: ["cast"] }] }),
  ],
  ["is another PostgreSQL's", "breaking", having({}), having({ serverMajor: 16 })],
];

describe("a newer schema", () => {
  it.each(ROWS)("that %s is %s", (_what, verdict, before, after) => {
    expect(compareSchemas(before, after).verdict).toBe(verdict);
  });

  it("is told by what breaks, the worst first, and no more of it than a person reads", () => {
    const after = withRounds({ columns: [FINDING] }, { functions: [aFunction("f")] });

    const comparison = compareSchemas(
      aCatalogue([rounds(), OTHER, ...["a", "b", "c", "d", "e"].map((name) => aTable(name, []))]),
      after,
    );

    expect(comparison.differences.map((one) => one.verdict).join(" ")).toMatch(
      /^(?:breaking ){7}(?:additive ?){2}$/u,
    );
    expect(tellDifferences(comparison)).toMatch(/^table public\.a removed \(.+and 2 more$/u);
  });

  it("tells a rename as what it may be", () => {
    const after = aCatalogue([aTable("turns", [ID, NAME]), OTHER]);

    const { differences } = compareSchemas(having({}), after);

    expect(differences[0]?.reason).toContain("or renamed to public.turns");
  });
});
