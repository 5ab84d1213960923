import { styleText } from "node:util";
import type { CliPorts } from "./ports.ts";

/** What a text means; on a terminal also a colour. */
export type Tone = "good" | "bad" | "doubtful" | "quiet" | "title";

/** Gives a text its tone. */
export type Paint = (tone: Tone, text: string) => string;

const FORMATS = {
  good: "green",
  bad: "red",
  doubtful: "yellow",
  quiet: "gray",
  title: "bold",
} as const;

const STEERING =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /(?!\u001B\[\d{1,3}m)(?![\n\t])[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Colours on a terminal that wants them (see no-color.org), plain text everywhere else. */
export function paintFor(ports: CliPorts): Paint {
  const { NO_COLOR: noColor, TERM: terminal } = ports.environment;
  const isPlain =
    !ports.isTerminal || (noColor !== undefined && noColor !== "") || terminal === "dumb";
  return (tone, text) =>
    isPlain ? text : styleText(FORMATS[tone], text, { validateStream: false });
}

/** Rows with their columns aligned; the last column is left ragged. Tones are applied after the widths are known. */
export function table(
  paint: Paint,
  rows: readonly (readonly (string | { readonly text: string; readonly tone: Tone })[])[],
): string {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === "string" ? { text: cell, tone: undefined } : cell)),
  );
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.text.length);
    }
  }
  return cells
    .map((row) => {
      const texts = row.map((cell, column) => {
        const isLast = column === row.length - 1;
        const padding = isLast ? "" : " ".repeat((widths[column] ?? 0) - cell.text.length);
        return (cell.tone === undefined ? cell.text : paint(cell.tone, cell.text)) + padding;
      });
      return `  ${texts.join("  ")}\n`;
    })
    .join("");
}

/**
 * The text with every control character but line feeds, tabs and our own colours, and every turn of direction, as JSON writes it: what
 * an application answers, or a tag is named, steers no terminal.
 */
export function printable(text: string): string {
  return text.replaceAll(STEERING, (one) => {
    const code = one.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
