import { z } from "zod";

/** What taking migrations down loses of one table, found on a copy. */
export const MigrationLoss = z.object({
  /** `schema.name`, or `schema.name.column`. */
  what: z.string(),
  /** `dropped` with everything in it, `fewer` rows or values than before, or as many but other ones. */
  change: z.enum(["dropped", "fewer", "changed"]),
  /** Rows of a table, values that are not null of a column: how many are lost. Of changed ones, how many there are. */
  count: z.int().nonnegative(),
  unit: z.enum(["rows", "values"]),
});
export type MigrationLoss = z.infer<typeof MigrationLoss>;
