/** Control characters and turned directions: nothing of them is readable. */
const UNREADABLE = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/** The lines of a text; what cannot be read is written by its number. */
export function readableLines(text: string): readonly string[] {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/u)
    .map((line) => line.replaceAll("\t", " ").replaceAll(UNREADABLE, visible).trim());
}

function visible(one: string): string {
  return `u+${(one.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}
