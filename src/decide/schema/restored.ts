const LIST =
  /\(ARRAY\[('(?:[^']|'')*'::character varying(?:, '(?:[^']|'')*'::character varying)*)\]\)::text\[\]/gu;
const ITEM = /'(?:[^']|'')*'::character varying/gu;

/**
 * An expression as PostgreSQL writes it once it was dumped and restored: of `code in ('a', 'b')` over a varchar it casts the list
 * before that, and each of its items afterwards.
 */
export function asRestored(text: string): string {
  return text.replaceAll(
    LIST,
    (_whole, items: string) => `ARRAY[${items.replaceAll(ITEM, (item) => `(${item})::text`)}]`,
  );
}
