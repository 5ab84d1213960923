import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Document } from "../../src/incident/document.ts";
import { toMarkdown } from "../../src/incident/markdown.ts";
import { HOSTILE } from "../support/hostile.ts";

const MARKUP = ["<script>", "</td>", "| --- |", "**b**", "[x](y)", "![x](y)", "`", "\\", "# h"];
/** A text of which nothing can be seen is left out. */
const aText = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(...HOSTILE, ...MARKUP, "&lt;", "http://x.y", "www.x.y", "1. x", "- x", "---"),
  )
  .filter((text) => text.trim() !== "");

/** The same place for a text in each kind of block. */
function aDocument(text: string): Document {
  return {
    title: text,
    sections: [
      {
        heading: text,
        blocks: [
          { kind: "text", text },
          { kind: "list", items: [text] },
          { kind: "boxes", items: [{ done: true, text }] },
          { kind: "table", head: ["a", "b"], rows: [[text, text]] },
          { kind: "blank", prompt: text },
        ],
      },
    ],
  };
}

/** Takes every escaped character out, and the breaks and the frame that we write. */
function bare(markdown: string): string {
  return markdown.replaceAll(/\\[!-/:-@[-`{-~]/gu, "").replaceAll("<br>", "");
}

describe("a report in Markdown", () => {
  it("lets no text become markup, a link, an entity or another line", () => {
    fc.assert(
      fc.property(aText, (text) => {
        const markdown = toMarkdown(aDocument(text));

        const lines = bare(markdown).split("\n");
        expect(lines.length).toBe(toMarkdown(aDocument("x")).split("\n").length);
        expect(lines[6]).toMatch(/^- /u);
        // What is left of the text's own place in a table: no cell more, no tag, no emphasis, no code, no link.
        const row = (lines[12] ?? "").split("|");
        expect(row.length).toBe(4);
        expect(row[1]).not.toMatch(/[<>`*_[\]&~\\]|:\/\/|www\./iu);
        expect(markdown).not.toMatch(/[^\P{Cc}\n]/u);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps every readable character of a text", () => {
    const text = "a_b <c> | 100 % [d](e) — ü 🙂 & `f`";

    const markdown = toMarkdown(aDocument(text));

    const shown = (markdown.split("\n")[4] ?? "").replaceAll(/\\(?<sign>[!-~])/gu, "$<sign>");
    expect(shown).toBe(text);
  });

  it("begins no list, heading or rule with a text", () => {
    const first = ["- x", "+ x", "1. x", "22) x", "---", "===", "# x", "> x"].map(
      (text) => toMarkdown(aDocument(text)).split("\n")[4],
    );

    expect(first).toEqual([
      String.raw`\- x`,
      String.raw`\+ x`,
      String.raw`1\. x`,
      String.raw`22\) x`,
      String.raw`\---`,
      String.raw`\===`,
      String.raw`\# x`,
      String.raw`\> x`,
    ]);
  });

  it("writes line feeds as breaks and what cannot be read by its number", () => {
    const markdown = toMarkdown(aDocument("a\nb\u202Ec\u0000"));

    expect(markdown.split("\n")[4]).toBe("a<br>bu+202ecu+0000");
  });

  it("ticks what is done, and leaves room for judgement", () => {
    const markdown = toMarkdown(aDocument("x"));

    expect(markdown).toContain("- [x] x");
    expect(markdown).toContain("**For people to judge:** x\n\n> …");
  });
});
