import { describe, expect, it } from "vitest";
import type { Recovery, SizeFigures, SnapshotCost } from "../../bench/database/figures.ts";
import { databaseTables } from "../../bench/database/tables.ts";
import { parseWish } from "../../bench/wish.ts";

function aRecovery(over: Partial<Recovery> = {}): Recovery {
  return { gap: 0.2, verified: 0.5, failed: 0, lost: 0, offered: 40, load: 1, ...over };
}

function aCost(over: Partial<SnapshotCost> = {}): SnapshotCost {
  const write = { median: 2, p99: 20 };
  return { seconds: 4, bytes: 200e6, failed: 0, write, load: 1, ...over };
}

function aSize(over: Partial<SizeFigures> = {}): SizeFigures {
  return {
    name: "200MB",
    bytes: 200e6,
    quiet: [{ median: 1, p99: 10 }],
    online: [aCost()],
    clone: [aCost({ seconds: 2, write: null })],
    dump: [aCost()],
    warm: [aRecovery({ gap: 0.1 }), aRecovery({ gap: 0.3 }), aRecovery({ gap: 0.2 })],
    fallback: [aRecovery({ verified: 10 })],
    runbook: [aRecovery({ gap: 20, verified: 20, lost: 40, offered: 0 })],
    ...over,
  };
}

const JOURNAL = [
  { inserts: { without: 1, with: 1.2 }, update: { without: 1, with: 3 } },
  { inserts: { without: 1, with: 1.4 }, update: { without: 1, with: 4 } },
  { inserts: { without: 1, with: 9 }, update: { without: 1, with: 2 } },
];

describe("the wish for databases", () => {
  it("names sizes, and how often each is measured", () => {
    const wish = parseWish(["database", "--size", "200MB,4GB", "--slow-rounds", "3,0"]);

    expect(wish).toEqual({
      kind: "database",
      rounds: 5,
      sizes: [
        { name: "200MB", bytes: 200e6, slowRounds: 3 },
        { name: "4GB", bytes: 4e9, slowRounds: 0 },
      ],
    });
  });

  it.each([["200"], ["GB"], ["200MB,"], ["1TB"]])("makes no sense with the size %s", (size) => {
    expect(parseWish(["database", "--size", size])).toBeUndefined();
  });

  it("makes no sense with half a round", () => {
    expect(parseWish(["database", "--slow-rounds", "1.5"])).toBeUndefined();
  });
});

describe("the tables of databases", () => {
  it("have medians, the worst round, and how many times slower the runbook is", () => {
    const tables = databaseTables({ sizes: [aSize()], journal: JOURNAL }).split("\n");

    expect(tables).toEqual(
      expect.arrayContaining([
        "| 200MB | warm swap | 3 | 0.20 s | 0.30 s | 0.50 s | 0 | 0 | 40 | 1 |",
        "| 200MB | 100x | 100x | 2.0x | 1.0x |",
        "| 200MB | none | 1 | - | - | - | 1.0 ms | 10.0 ms | - |",
        "| 200MB | warm, clone (services stopped) | 1 | 2.00 s | 200 | 0 | - | - | 1 |",
        "| 2,000 inserts, one by one | 1.00 s | 1.40 s | 1.4x |",
      ]),
    );
  });

  it("have no row for what was left out", () => {
    const size = aSize({ fallback: [], runbook: [], online: [], quiet: [], dump: [] });

    const tables = databaseTables({ sizes: [size], journal: JOURNAL });

    expect(tables).not.toMatch(/NaN|runbook \| 0|Infinity/u);
    expect(tables).toContain("| 200MB | - | - | - | 1.0x |");
  });
});
