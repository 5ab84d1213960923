import { describe, expect, it } from "vitest";
import type { DatabaseDelta, TableDelta } from "../../src/model/database-delta.ts";
import { rowsKept, rowsUnread } from "../../src/notify/notices-database.ts";

const NOW = 1_800_000_000_000;

function aTable(table: string, more: Partial<TableDelta> = {}): TableDelta {
  const none = { inserted: 0, updated: 0, deleted: 0, newer: 0, notes: [], problem: null };
  return { table, by: "key", ...none, ...more };
}

function aDelta(tables: readonly TableDelta[]): DatabaseDelta {
  return {
    at: NOW,
    kept: "radiation_aside_1",
    live: "radiation",
    seconds: 4,
    tables: [...tables],
    folder: "/var/lib/rollwatch/deltas/1",
    files: [],
    expiresAt: NOW + 86_400_000,
  };
}

describe("the notice of what a replaced database has", () => {
  it("counts the rows of each table that differs, and says where they are and until when", () => {
    const delta = aDelta([
      aTable("public.readings", { inserted: 3, updated: 12 }),
      aTable("public.alerts", { deleted: 1, newer: 40 }),
      aTable("public.devices"),
    ]);

    const notice = rowsKept("radiation", { delta, incident: "inc-1" });

    expect(notice.title).toBe(
      "radiation: radiation_aside_1 differs from the live database in 16 rows",
    );
    expect(notice.text.split("\n")).toEqual([
      "- public.readings: 3 only in the kept one, 12 with other values",
      "- public.alerts: 1 only in the live one",
      expect.stringMatching(/^The rows are in \/var\/lib\/rollwatch\/deltas\/1 until 2027-01-16/u),
      expect.stringContaining("rollwatch database aside drop radiation_aside_1"),
    ]);
    expect(notice).toMatchObject({
      incident: "inc-1",
      dedupKey: "inc-1:rows-kept:radiation_aside_1",
    });
  });

  it("names tables that could not be compared: their rows may be missing, too", () => {
    const delta = aDelta([aTable("public.secret", { problem: "permission denied" })]);

    const notice = rowsKept("radiation", { delta, incident: null });

    expect(notice.text).toContain("- public.secret: not compared: permission denied");
    expect(notice.dedupKey).toBe("none:rows-kept:radiation_aside_1");
  });
});

describe("the notice of a replaced database that is too large to be read unasked", () => {
  it("says how large it is, and how to compare it", () => {
    const about = { name: "radiation_aside_1", bytes: 12 * 1024 ** 3, incident: "inc-1" };

    const notice = rowsUnread("radiation", about);

    expect(notice.text).toContain("It has 12.0 GiB, more than database.rollback.exportUpTo");
    expect(notice.text).toContain("`rollwatch database delta radiation_aside_1 --export`");
    expect(notice.dedupKey).toBe("inc-1:rows-kept:radiation_aside_1");
  });
});
