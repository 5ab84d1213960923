import { expect, it } from "vitest";
import { printable } from "../../src/cli/style.ts";

// What a command has to say, and what reaches the terminal
it.each([
  ["\u001B[31mred\u001B[39m and\n\ttwo lines", "\u001B[31mred\u001B[39m and\n\ttwo lines"],
  ["\u001B[2Jgone", "\\u001b[2Jgone"],
  ["\u001B]0;title\u0007", "\\u001b]0;title\\u0007"],
  ["one\rtwo\b\u007F", "one\\u000dtwo\\u0008\\u007f"],
  ["\u009B2J", "\\u009b2J"],
  ["api\u202Eipa", "api\\u202eipa"],
  ["Jürgen 👩‍💻", "Jürgen 👩‍💻"],
])("%j reaches the terminal as %j", (said, shown) => {
  expect(printable(said)).toBe(shown);
});

it("what programs read stays what it was", () => {
  const said = { reason: "a\u009Bb\u202Ec\nd" };

  expect(JSON.parse(printable(JSON.stringify(said)))).toEqual(said);
});
