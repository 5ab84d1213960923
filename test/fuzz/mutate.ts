import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { HOSTILE } from "../support/hostile.ts";

/** What parsers stumble over: names that objects inherit, numbers at their limits, what opens and never closes. */
const WORDS: readonly string[] = [
  ...HOSTILE.filter((text) => text.length < 400),
  "toString",
  "hasOwnProperty",
  '"__proto__":{"polluted":1},',
  '{"constructor":{"prototype":{"polluted":1}}}',
  "null",
  "[]",
  "{}",
  "-0",
  "1e999",
  "9007199254740993",
  "NaN",
  "Infinity",
  '"',
  "'",
  "\\",
  "\\u0000",
  "\uD800",
  "\uFEFF",
  "[".repeat(300),
  "{".repeat(300),
  " ".repeat(300),
  "\\\\".repeat(100),
  "&a [*a,*a]",
  "<<: ",
  "!!js/function ",
  "---\n",
];

/** The samples that are kept of one parser: real ones, and every one that it once stumbled over. */
export function corpusOf(parser: string): readonly string[] {
  const folder = new URL(`corpus/${parser}/`, import.meta.url);
  return readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
}

/** Samples that were cut, repeated, spliced and salted up to six times, now and then no sample at all. */
export function mutated(samples: readonly string[]): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...samples);
  const words = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: "binary", maxLength: 12 }));
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.record({
    how: fc.constantFrom("insert", "delete", "replace", "repeat", "splice", "word"),
    from: place,
    length: fc.oneof(fc.nat(3), fc.nat(40), fc.nat(2000)),
    word: words,
    other: sample,
  });
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(sample, fc.array(change, { minLength: 1, maxLength: 6 }))
        .map(([text, changes]) => changes.reduce(changed, text)),
    },
    { weight: 1, arbitrary: fc.oneof(fc.string({ unit: "binary" }), fc.json(), words) },
  );
}

interface Mutation {
  readonly how: string;
  readonly from: number;
  readonly length: number;
  readonly word: string;
  readonly other: string;
}

function changed(text: string, { how, from, length, word, other }: Mutation): string {
  const at = Math.floor(from * text.length);
  const before = text.slice(0, at);
  const part = text.slice(at, at + length);
  const after = text.slice(at + length);
  switch (how) {
    case "insert":
      return before + word + part + after;
    case "delete":
      return before + after;
    case "replace":
      return before + word + after;
    case "repeat":
      return before + part.repeat(3) + after;
    case "splice":
      return before + other.slice(Math.floor(from * other.length));
    default:
      return inPlaceOfWord(text, at, word);
  }
}

/** Whole words and numbers, so that what stands around stays well-formed. */
function inPlaceOfWord(text: string, at: number, word: string): string {
  const found = /[\w.+-]+/u.exec(text.slice(at));
  const begin = at + (found?.index ?? 0);
  return text.slice(0, begin) + word + text.slice(begin + (found?.[0].length ?? 0));
}
