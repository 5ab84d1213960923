import type { MigrationLoss } from "../model/migration-loss.ts";
import type { Holding } from "../system/postgres-holdings.ts";

/** What a database held before and does not hold afterwards; tables that others write beside, such as that of the migrations, are left out. Pure. */
export function lossesOf(
  before: readonly Holding[],
  after: readonly Holding[],
  except: (table: string) => boolean,
): readonly MigrationLoss[] {
  return before
    .filter(({ table }) => !except(table))
    .flatMap((held) => {
      const now = after.find(({ table }) => table === held.table);
      return now === undefined
        ? tableDropped(held)
        : [...rowsFewer(held, now), ...columns(held, now)];
    });
}

function tableDropped({ table, rows }: Holding): readonly MigrationLoss[] {
  return [{ what: table, change: "dropped", count: rows, unit: "rows" }];
}

function rowsFewer({ table, rows }: Holding, now: Holding): readonly MigrationLoss[] {
  const count = rows - now.rows;
  return count > 0 ? [{ what: table, change: "fewer", count, unit: "rows" }] : [];
}

function columns(held: Holding, now: Holding): readonly MigrationLoss[] {
  return held.columns.flatMap((column): readonly MigrationLoss[] => {
    const what = `${held.table}.${column.name}`;
    const there = now.columns.find(({ name }) => name === column.name);
    if (there === undefined) {
      return [{ what, change: "dropped", count: column.values, unit: "values" }];
    }
    const fewer = column.values - there.values;
    if (fewer > 0) {
      // Where rows are gone their values are gone with them: that is told of the table.
      return now.rows < held.rows ? [] : [{ what, change: "fewer", count: fewer, unit: "values" }];
    }
    return fewer === 0 && there.digest !== column.digest
      ? [{ what, change: "changed", count: column.values, unit: "values" }]
      : [];
  });
}
