import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPromqlAnswer } from "../../src/observe/promql-answer.ts";

function answered(resultType: string, result: unknown): string {
  return JSON.stringify({ status: "success", data: { resultType, result } });
}

describe("an answer of Prometheus", () => {
  it.each([
    ["a scalar", "scalar", [100.5, "2"], [{ at: 100_500, value: 2 }]],
    ["no series", "vector", [], []],
    [
      "one series",
      "vector",
      [{ metric: {}, value: [100, "0.25"] }],
      [{ at: 100_000, value: 0.25 }],
    ],
    [
      "several samples of a series, of which the newest counts",
      "matrix",
      [
        {
          values: [
            [100, "1"],
            [115, "3"],
          ],
        },
      ],
      [{ at: 115_000, value: 3 }],
    ],
    ["what is no number", "vector", [{ value: [100, "NaN"] }], [{ at: 100_000, value: NaN }]],
    ["no end", "vector", [{ value: [100, "+Inf"] }], [{ at: 100_000, value: Infinity }]],
    ["no beginning", "vector", [{ value: [100, "-Inf"] }], [{ at: 100_000, value: -Infinity }]],
    ["too large a number", "vector", [{ value: [1, "1e400"] }], [{ at: 1000, value: Infinity }]],
    ["Go's short form", "vector", [{ value: [1, "1e-05"] }], [{ at: 1000, value: 0.000_01 }]],
  ])("gives %s", (_what, resultType, result, points) => {
    expect(readPromqlAnswer(answered(resultType, result))).toEqual({ kind: "points", points });
  });

  it.each([
    ["HTML", "<html>", "not one of Prometheus'"],
    ["nothing", "", "not one of Prometheus'"],
    ["another program's JSON", '{"status":200}', "not one of Prometheus'"],
    [
      "an error of PromQL",
      '{"status":"error","errorType":"bad_data","error":"parse error: unexpected )"}',
      "the query failed: bad_data: parse error: unexpected )",
    ],
    ["success without data", '{"status":"success"}', "the query failed: success"],
    ["a text", answered("string", [1, "up"]), "no numbers (string)"],
    ["a native histogram", answered("vector", [{ histogram: [1, {}] }]), "something else"],
    ["a series without samples", answered("matrix", [{ values: [] }]), "something else"],
    ["an empty number", answered("vector", [{ value: [1, ""] }]), "something else"],
    ["a number in hexadecimal", answered("vector", [{ value: [1, "0x10"] }]), "something else"],
    ["a vector that is none", answered("vector", { a: 1 }), "something else"],
  ])("tells %s", (_what, body, why) => {
    expect(readPromqlAnswer(body)).toEqual({ kind: "none", why: expect.stringContaining(why) });
  });

  it("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (text, value) => {
        const bodies = [
          text,
          JSON.stringify(value),
          answered("vector", value),
          answered("matrix", value),
        ];
        for (const body of bodies) {
          readPromqlAnswer(body);
        }
      }),
      { numRuns: 200 },
    );
  });
});
