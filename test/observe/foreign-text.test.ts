import { describe, expect, it } from "vitest";
import { lastLineOf, tellForeign } from "../../src/observe/foreign-text.ts";

describe("what is told of a foreign text", () => {
  it.each([
    // As it came, and as it is told.
    ["two\nlines\tand \0 more", "two lines and more"],
    ["\u001B[31mred\u001B[0m", "red"],
    ["a\u202Eb\u200Bc\u2028d", "a b c d"],
    ["half \uD800 pair", "half pair"],
    ["", ""],
  ])("is one line of what can be printed: %j", (text, told) => {
    expect(tellForeign(text, [])).toBe(told);
  });

  it("is at most 160 characters long", () => {
    const told = tellForeign("x".repeat(1000), []);

    expect(told).toBe(`${"x".repeat(160)}…`);
  });

  it("holds none of the given secrets, also where the cut would leave a part of one", () => {
    const told = tellForeign(`${"x".repeat(155)}sesame-open and sesame-open`, ["sesame-open"]);

    expect(told).not.toContain("sesame");
  });

  it("keeps what is too short for a secret", () => {
    expect(tellForeign("exit 1 of 3", ["1"])).toBe("exit 1 of 3");
  });

  it.each([
    ["connect to postgres://app:geheim@db/x", "connect to postgres://[redacted]@db/x"],
    ["Authorization: Bearer abc.def", "Authorization: [redacted] [redacted]"],
    ["sent Bearer abc.def to it", "sent Bearer [redacted] to it"],
    ['{"password": "geheim", "id": 1}', '{"password": [redacted] "id": 1}'],
    ["API_KEY=geheim failed", "API_KEY=[redacted] failed"],
    ["token:geheim", "token:[redacted]"],
  ])("holds nothing that looks like a secret: %s", (text, told) => {
    expect(tellForeign(text, [])).toBe(told);
  });
});

describe("the last line", () => {
  it.each([
    ["one\ntwo\n", "two"],
    ["one\r\ntwo\r\n\r\n  \n", "two"],
    ["progress 1\rprogress 2", "progress 2"],
    ["  42  ", "42"],
    ["\n\n", ""],
    ["", ""],
  ])("of %j is %j", (text, line) => {
    expect(lastLineOf(text)).toBe(line);
  });
});
