const PLACE = /\{\{([a-zA-Z][a-zA-Z0-9_]*)\}\}/gu;

/** What earlier answers held, by the name it was saved under. */
export type Saved = ReadonlyMap<string, string>;

/** The names between the double braces of a text, each once. */
export function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(PLACE)].map((match) => match[1] ?? ""))];
}

/** The text with each `{{name}}` replaced; `escape` makes a value harmless for where it stands. */
export function filled(text: string, saved: Saved, escape: (value: string) => string): string {
  return text.replaceAll(PLACE, (place, name: string) => {
    const value = saved.get(name);
    return value === undefined ? place : escape(value);
  });
}

/** A value inside a text of JSON, without the quotation marks around it. */
export function escapeForJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}
