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
