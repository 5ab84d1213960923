import { assertNever } from "../model/assert-never.ts";
import { tellTime } from "../model/units.ts";
import type { Block, Document } from "./document.ts";
import { readableLines } from "./readable.ts";
import { tellScale } from "./scale.ts";
import { sparkline } from "./sparkline.ts";

/** What steers Markdown or HTML anywhere in a line; a colon before slashes and a dot after www make links of their own. */
const STEERS = /[\\`*_[\]<>&|~#$!@]|:(?=\/\/)|(?<=www)\./giu;
/** What steers it at the beginning of a line: lists, headings, rules, code. */
const BEGINS = /^(?:[-+=]|\d{1,9}(?=[.)](?:\s|$)))/u;
/** A report in Markdown (CommonMark with tables). Every text in it shows as it is: none becomes markup. */
export function toMarkdown({ title, sections }: Document): string {
  const parts = [
    `# ${plain(title)}`,
    ...sections.flatMap(({ heading, blocks }) => [
      `## ${plain(heading)}`,
      ...blocks.map(blockText),
    ]),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return plain(block.text);
    case "list":
      return block.items.map((item) => `- ${plain(item)}`).join("\n");
    case "boxes":
      return block.items
        .map(({ done, text }) => `- [${done ? "x" : " "}] ${plain(text)}`)
        .join("\n");
    case "table":
      return tableText(block.head, block.rows);
    case "blank":
      return `**For people to judge:** ${plain(block.prompt)}\n\n> …`;
    case "plot":
      return plotText(block);
    default:
      return assertNever(block);
  }
}

function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) {
    return "Nothing.";
  }
  return [line(head), `| ${head.map(() => "---").join(" | ")} |`, ...rows.map(line)].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(plain).join(" | ")} |`;
}

function plotText({ series, marks }: Extract<Block, { kind: "plot" }>): string {
  const [first] = series.points;
  const last = series.points.at(-1);
  if (first === undefined || last === undefined) {
    return `${plain(series.name)}: no samples are recorded for this time.`;
  }
  const moments = marks.map(({ at, text }) => `${text} ${tellTime(at)}`).join(", ");
  return [
    `${plain(series.name)}, ${plain(tellScale(series))}, from ${tellTime(first.at)} to ${tellTime(last.at)} (${plain(moments)}):`,
    `\`${sparkline(series.points)}\``,
  ].join("\n\n");
}

/** The text on one line, each character as it is; line feeds become breaks. */
function plain(text: string): string {
  return readableLines(text)
    .map((one) => one.replaceAll(STEERS, (sign) => `\\${sign}`).replace(BEGINS, escapedBeginning))
    .join("<br>");
}

function escapedBeginning(found: string): string {
  return /\d/u.test(found) ? `${found}\\` : `\\${found}`;
}
