import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { remark, yamlText } from "../../src/app/init-yaml.ts";
import { resolveReferences } from "../../src/config/references.ts";

const Read = z.object({ key: z.unknown(), list: z.array(z.unknown()) });

/** What a reference would be replaced by. */
const ENVIRONMENT = { A: "another text" };

function readBack(text: string): z.infer<typeof Read> {
  const value = yamlText(text);
  return Read.parse(parse(`key: ${value} # found: it\nlist: [${value}, ${value}]\n`));
}

describe("a text in the draft", () => {
  it("is read back as itself, whatever it is", async () => {
    const pieces = fc.constantFrom(
      "$",
      "${",
      "A}",
      ":",
      " ",
      "#",
      "-",
      "1",
      "'",
      '"',
      "\n",
      "\\",
      "[",
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const { key, list } = readBack(text);
        const read = await resolveReferences(key, ENVIRONMENT);

        expect(read).toMatchObject({ value: text, findings: [] });
        expect(list).toEqual([key, key]);
      }),
    );
  });

  it.each([
    "true",
    "no",
    "12",
    "1e3",
    "0x10",
    "~",
    "",
    "a: b",
    "a #b",
    "- a",
    "x:",
    "${A}",
    "1:20",
  ])("%j stays a text", async (text) => {
    const { key } = readBack(text);

    expect((await resolveReferences(key, ENVIRONMENT)).value).toBe(text);
  });

  it("is plain where it can be", () => {
    expect(yamlText("http://127.0.0.1:3000/health?deep=1")).toBe(
      "http://127.0.0.1:3000/health?deep=1",
    );
  });
});

describe("a remark", () => {
  it("stays on its line, however long and strange what was read is", () => {
    const told = remark(`one\ntwo\r\u2028three ${"x".repeat(500)}`);

    expect(told).toMatch(/^one two three x+…$/u);
    expect(told.length).toBeLessThanOrEqual(140);
  });
});
