const assert = require("node:assert/strict");
const { test } = require("node:test");
const { exceedsDoseLimit } = require("../server/readings/dose-limit");

test("a dose above the limit exceeds it", () => {
  assert.equal(exceedsDoseLimit(2000.1, 2), true);
});

test("a dose of exactly the limit does not exceed it", () => {
  assert.equal(exceedsDoseLimit(2000, 2), false);
});
