const assert = require("node:assert/strict");
const { test } = require("node:test");
const { CsvError, HEADER, parseReadings } = require("../server/csv/parse");

const NOW = Date.parse("2026-06-01T12:00:00Z");
const LINE = "RW-1001,DMC-3000-0001,0.25,2026-06-01T11:00:00Z";

test("reads every line, with either line ending and a byte order mark", () => {
  const readings = parseReadings(`\uFEFF${HEADER}\r\n${LINE}\r\n\n`, NOW);

  assert.deepEqual(readings, [
    {
      badge: "RW-1001",
      deviceSerial: "DMC-3000-0001",
      doseMsv: 0.25,
      recordedAt: "2026-06-01T11:00:00Z",
      note: null,
    },
  ]);
});

const REJECTED = [
  ["a missing header", LINE, /line 1/],
  ["an empty file", "", /line 1/],
  ["a header and nothing else", `${HEADER}\n`, /no readings/],
  ["a line that was cut off", `${HEADER}\n${LINE}\nRW-1001,DMC`, /line 3: expected four/],
  ["a quoted field", `${HEADER}\n"RW-1001",DMC-3000-0001,1,2026-06-01T11:00:00Z`, /line 2/],
  ["a missing dose", `${HEADER}\nRW-1001,DMC-3000-0001,,2026-06-01T11:00:00Z`, /line 2: doseMsv/],
  ["a negative dose", `${HEADER}\nRW-1001,DMC-3000-0001,-1,2026-06-01T11:00:00Z`, /doseMsv/],
  ["a time without a zone", `${HEADER}\nRW-1001,DMC-3000-0001,1,2026-06-01T11:00:00`, /recordedAt/],
  ["a time in the future", `${HEADER}\nRW-1001,DMC-3000-0001,1,2026-06-01T13:00:00Z`, /recordedAt/],
  [
    "a day that does not exist",
    `${HEADER}\nRW-1001,DMC-3000-0001,1,2026-06-41T11:00:00Z`,
    /recordedAt/,
  ],
];

for (const [what, content, message] of REJECTED) {
  test(`rejects ${what}`, () => {
    assert.throws(
      () => parseReadings(content, NOW),
      (error) => {
        assert.ok(error instanceof CsvError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
