import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit } from "../../src/notify/fit.ts";

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;");
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

describe("fitting a text", () => {
  it.each([
    ["as long as it may be", "abcde", 5, "abcde"],
    ["one too long", "abcdef", 5, "abcd…"],
    ["with an emoji of several parts at the edge", "ab👩‍🚒cd", 6, "ab…"],
    ["with a composed letter at the edge", "abce\u0301f", 5, "abc…"],
    ["without anything", "", 5, ""],
  ])("keeps a text %s", (_name, text, max, expected) => {
    expect(fit(text, { max })).toBe(expected);
  });

  it("counts what is written and never parts an entity", () => {
    expect(fit("a&b&c", { max: 10, encode: escaped })).toBe("a&amp;b…");
    expect(fit("a&b", { max: 7, encode: escaped })).toBe("a&amp;b");
  });

  it("counts as the service does", () => {
    expect(fit("üüüü", { max: 7, size: bytes })).toBe("üü…");
  });

  it("is never too long, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 40 }), (text, max) => {
        expect(bytes(fit(text, { max, encode: escaped, size: bytes }))).toBeLessThanOrEqual(max);
      }),
    );
  });
});
