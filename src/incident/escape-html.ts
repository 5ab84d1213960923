import { readableLines } from "./readable.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text on one line as it stands in HTML, also between quotation marks. */
export function escapeHtml(text: string): string {
  return readableLines(text).map(escapeLine).join(" ");
}

/** The text as it stands between tags; line feeds become breaks. */
export function escapeLines(text: string): string {
  return readableLines(text).map(escapeLine).join("<br>");
}

function escapeLine(line: string): string {
  return line.replaceAll(/[&<>"']/gu, (sign) => ENTITIES[sign] ?? sign);
}
