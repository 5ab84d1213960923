import { describe, expect, it } from "vitest";
import { lossesOf } from "../../src/release/migration-losses.ts";
import type { Holding } from "../../src/system/postgres-holdings.ts";

/** Columns as `name: [values, digest]`. */
function aTable(
  table: string,
  rows: number,
  columns: Readonly<Record<string, readonly [number, string]>> = {},
): Holding {
  return {
    table,
    rows,
    columns: Object.entries(columns).map(([name, [values, digest]]) => ({ name, values, digest })),
  };
}

function none(): boolean {
  return false;
}

describe("what taking migrations down loses", () => {
  it("is nothing where everything is there, or more of it", () => {
    const before = [aTable("public.rounds", 3, { name: [3, "a"] })];
    const after = [
      aTable("public.rounds", 4, { name: [4, "b"], old: [4, "c"] }),
      aTable("public.more", 1),
    ];

    expect(lossesOf(before, after, none)).toEqual([]);
  });

  it("is told by table and by column", () => {
    const before = [
      aTable("public.gone", 7, { note: [7, "a"] }),
      aTable("public.fewer", 5, { note: [5, "a"] }),
      aTable("public.rounds", 3, { dropped: [2, "a"], emptied: [3, "b"], other: [3, "c"] }),
    ];
    const after = [
      aTable("public.fewer", 3, { note: [3, "b"] }),
      aTable("public.rounds", 3, { emptied: [1, "x"], other: [3, "y"] }),
    ];

    expect(lossesOf(before, after, none)).toEqual([
      { what: "public.gone", change: "dropped", count: 7, unit: "rows" },
      { what: "public.fewer", change: "fewer", count: 2, unit: "rows" },
      { what: "public.rounds.dropped", change: "dropped", count: 2, unit: "values" },
      { what: "public.rounds.emptied", change: "fewer", count: 2, unit: "values" },
      { what: "public.rounds.other", change: "changed", count: 3, unit: "values" },
    ]);
  });

  it("leaves out the table in which migrations are recorded", () => {
    const before = [aTable("public.pgmigrations", 3)];

    expect(lossesOf(before, [], (table) => table === "public.pgmigrations")).toEqual([]);
  });
});
