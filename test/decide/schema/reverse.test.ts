import { describe, expect, it } from "vitest";
import { undoAdditions } from "../../../src/decide/schema/reverse.ts";
import {
  aCatalogue,
  aColumn,
  aConstraint,
  aFunction,
  anIndex,
  aTable,
} from "../../support/schema.ts";

const BEFORE = aCatalogue([aTable("rounds", [aColumn("id")])]);

describe("taking additions away again", () => {
  it("names what is lost with each", () => {
    const after = aCatalogue([
      aTable("rounds", [aColumn("id"), aColumn('odd "name"'), aColumn("sum", { generated: "id" })]),
      aTable("findings", [aColumn("id")]),
    ]);

    expect(undoAdditions(BEFORE, after)).toEqual([
      {
        statement: 'alter table public.rounds drop column "odd ""name""";',
        loses: 'every value of public.rounds.odd "name"',
      },
      { statement: 'alter table public.rounds drop column "sum";', loses: null },
      { statement: "drop table public.findings;", loses: "every row of public.findings" },
    ]);
  });

  it("goes from what rests on others to what they rest on", () => {
    const after = aCatalogue(
      [
        aTable("rounds", [aColumn("id")], {
          constraints: [aConstraint("small", ["id"])],
          indexes: [anIndex("public.by_id", ["id"])],
          attached: [{ kind: "trigger", name: "audit", definition: "" }],
        }),
        aTable("all_rounds", [], { kind: "view" }),
        aTable("a", []),
        aTable("b", []),
      ],
      {
        functions: [aFunction("audit")],
        sequences: [
          { name: "public.mine", definition: "integer, of ", owner: "", rights: [] },
          { name: "public.a_id_seq", definition: "integer, of public.a", owner: "", rights: [] },
        ],
      },
    );

    expect(undoAdditions(BEFORE, after).map(({ statement }) => statement)).toEqual([
      "drop view public.all_rounds;",
      'drop trigger "audit" on public.rounds;',
      'alter table public.rounds drop constraint "small";',
      "drop index public.by_id;",
      "drop table public.a, public.b;",
      "drop routine public.audit();",
      "drop sequence public.mine;",
    ]);
  });

  it("says nothing of what was dropped or changed", () => {
    const after = aCatalogue([aTable("rounds", [aColumn("id", { type: "bigint" })])]);

    expect([...undoAdditions(BEFORE, after), ...undoAdditions(after, aCatalogue())]).toEqual([]);
  });
});
