import { assertNever } from "../model/assert-never.ts";
import type { Block, Document } from "./document.ts";
import { escapeHtml, escapeLines } from "./escape-html.ts";
import { toSvg } from "./plot.ts";
import { tellScale } from "./scale.ts";

/** Colours of the reader's system; black on white on paper, and no table row is cut in two by a page's end. */
const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #8888; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; margin: 0.8rem 0; }
th, td { border: 1px solid #8886; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
ul.boxes { list-style: none; padding-left: 0; }
.blank { border-left: 4px solid #c80; padding: 0.4rem 0.8rem; margin: 0.8rem 0; min-height: 5rem; }
figure { margin: 1rem 0; } figcaption { font-size: 0.9rem; }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: currentColor; }
svg .line { fill: none; stroke: #06c; stroke-width: 1.5; } svg .limit { stroke: #c00; stroke-dasharray: 5 4; }
svg .mark { stroke: #8888; } svg .absent { fill: #8888; } svg .bad { fill: #c00; }
@media print {
  :root { color-scheme: light; font-size: 11pt; } body { max-width: none; margin: 0; }
  tr, figure, .blank { break-inside: avoid; } h2 { break-after: avoid; }
}
`;

/** Nothing of the page may load anything or run anything, whatever stands in it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A report as one page that needs no other file, runs no script and prints well. Every text in it shows as it is. */
export function toHtml({ title, sections }: Document): string {
  const parts = sections.map(
    ({ heading, blocks }) =>
      `<section>\n<h2>${escapeHtml(heading)}</h2>\n${blocks.map(blockHtml).join("\n")}\n</section>`,
  );
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    `<h1>${escapeHtml(title)}</h1>`,
    ...parts,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "text":
      return `<p>${escapeLines(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${escapeLines(item)}</li>`).join("\n")}</ul>`;
    case "boxes":
      return boxesHtml(block.items);
    case "table":
      return tableHtml(block.head, block.rows);
    case "blank":
      return `<div class="blank"><strong>For people to judge:</strong> ${escapeHtml(block.prompt)}</div>`;
    case "plot":
      return plotHtml(block);
    default:
      return assertNever(block);
  }
}

function boxesHtml(items: Extract<Block, { kind: "boxes" }>["items"]): string {
  const lines = items.map(({ done, text }) => `<li>${done ? "☑" : "☐"} ${escapeLines(text)}</li>`);
  return `<ul class="boxes">${lines.join("\n")}</ul>`;
}

function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) {
    return "<p>Nothing.</p>";
  }
  const isNamed = head.some((cell) => cell !== "");
  const first = isNamed ? [`<thead>${rowHtml(head, "th")}</thead>`] : [];
  return `<table>${[...first, ...rows.map((row) => rowHtml(row, "td"))].join("\n")}</table>`;
}

function rowHtml(cells: readonly string[], tag: "th" | "td"): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escapeLines(cell)}</${tag}>`).join("")}</tr>`;
}

function plotHtml({ series, marks }: Extract<Block, { kind: "plot" }>): string {
  return series.points.length === 0
    ? `<p>${escapeHtml(series.name)}: no samples are recorded for this time.</p>`
    : `<figure>${toSvg(series, marks)}<figcaption>${escapeHtml(`${series.name}, ${tellScale(series)}`)}</figcaption></figure>`;
}
