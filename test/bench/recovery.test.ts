import { expect, it } from "vitest";
import { median } from "../../bench/recovery.ts";

it.for([
  { values: [3], middle: 3 },
  { values: [9, 1, 5], middle: 5 },
  { values: [10, 2, 4, 8], middle: 6 },
])("takes $middle for the median of $values", ({ values, middle }) => {
  expect(median(values)).toBe(middle);
});
