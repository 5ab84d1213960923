import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Block, Document } from "../../src/incident/document.ts";
import { toHtml } from "../../src/incident/html.ts";
import { HOSTILE } from "../support/hostile.ts";

const MARKUP = [
  "<script>alert(1)</script>",
  "</style><script>",
  "</title><img src=x onerror=alert(1)>",
  `" onload="alert(1)`,
  "' onload='alert(1)",
  "<!--",
  "]]>",
  "&lt;script&gt;",
];
const aText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(...HOSTILE, ...MARKUP),
  fc
    .array(fc.constantFrom("<", ">", '"', "'", "&", "/", "\n", "x"), { maxLength: 20 })
    .map((all) => all.join("")),
);

function aPlot(name: string, values: readonly (number | null)[]): Block {
  const points = values.map((value, index) => ({ at: index * 1000, value }));
  const series = { name, unit: name, limit: 1, samples: 3, bad: 1, points };
  return { kind: "plot", series, marks: [{ at: 1000, text: name }] };
}

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
          { kind: "boxes", items: [{ done: false, text }] },
          { kind: "table", head: [text, "b"], rows: [[text, text]] },
          { kind: "blank", prompt: text },
          aPlot(text, [0, null, 2]),
          aPlot(text, []),
        ],
      },
    ],
  };
}

/** Every tag of a page, whatever is between. */
function tagsOf(html: string): readonly string[] {
  return [...html.matchAll(/<[^>]*>/gu)].map(([tag]) => tag.replace(/aria-label="[^"<>]*"/u, ""));
}

describe("a report in HTML", () => {
  it("has the same tags whatever the texts are", () => {
    const own = tagsOf(toHtml(aDocument("x"))).join("");

    fc.assert(
      fc.property(aText, (text) => {
        const html = toHtml(aDocument(text));

        expect(
          tagsOf(html)
            .filter((tag) => tag !== "<br>")
            .join(""),
        ).toBe(own);
        expect(html.replaceAll(/<[^>]*>/gu, "")).not.toMatch(/[<>]/u);
      }),
      { numRuns: 500 },
    );
  });

  it("shows a text as it is", () => {
    const html = toHtml(aDocument(`<b> & "c" 'd' — 🙂`));

    expect(html).toContain("<p>&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; — 🙂</p>");
  });

  it("runs nothing, loads nothing and may do neither", () => {
    const html = toHtml(aDocument("x"));

    expect(html).not.toMatch(/<(?:script|link|img|iframe|object|embed|form|input|a)\b/iu);
    expect(html).not.toMatch(/\b(?:src|href|url|on[a-z]+)\s*[=(]/iu);
    expect(html).toContain("Content-Security-Policy");
    expect(html).toContain("@media print");
  });

  it("draws the limit, a red dot for what is above it, a grey one for what was not measured, and no line across", () => {
    const html = toHtml(aDocument("x"));

    expect(html.match(/class="limit"/gu)).toHaveLength(1);
    expect(html.match(/class="bad"/gu)).toHaveLength(1);
    expect(html.match(/class="absent"/gu)).toHaveLength(1);
    expect(html).not.toContain("<polyline");
    expect(html).toContain("no samples are recorded for this time");
  });

  it("draws numbers alone, also of a signal that never changed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ noNaN: true, min: -1e300, max: 1e300 }))),
        (values) => {
          const document = {
            title: "x",
            sections: [{ heading: "x", blocks: [aPlot("x", values)] }],
          };

          expect(toHtml(document)).not.toMatch(/NaN|Infinity|undefined/u);
        },
      ),
    );
  });
});
