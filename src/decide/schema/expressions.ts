import type { SchemaColumn } from "../../model/schema-catalogue.ts";

/*
 * What can be said for certain of an expression as PostgreSQL writes it. Each function answers true only where it is proven;
 * everything else is doubt.
 */

const LITERAL = /'(?:[^']|'')*'/gu;
const CAST = /::(?:"(?:[^"]|"")*"|[a-z_][\w.]*)(?: [a-z]+)*(?:\(\d+(?:,\d+)?\))?(?:\[\])*/gu;
const TOKEN = /[A-Za-z_]\w*|"(?:[^"]|"")*"|\d+(?:\.\d+)?|<=|>=|<>|!~|\|\||~~\*?|[^\s\w]/gu;

const PLAIN_DEFAULT = [
  /^\(?-?\d+(?:\.\d+)?\)?$/u,
  /^(?:true|false)$/u,
  /^(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|gen_random_uuid)\(\)$/u,
  /^\(?(?:now\(\)|CURRENT_TIMESTAMP|CURRENT_DATE|LOCALTIMESTAMP)(?: AT TIME ZONE 'utc')?\)?$/iu,
  /^ARRAY\[\]$/u,
  /^0$/u,
];

const COMPARISONS = new Set(["<", "<=", ">", ">=", "=", "<>", "~", "!~", "~~"]);
/** Functions that are null for a null. */
const STRICT = new Set(["length", "char_length", "lower", "upper", "btrim", "abs"]);
const AROUND = new Set(["(", ")", "[", "]", ",", "AND", "OR", "ANY", "ARRAY"]);
const HARMLESS = new Set(
  "= <> < <= > >= ( ) , NOT IS NULL AND OR true false lower upper COALESCE".split(" "),
);

/** The default of a column; null where it is a null. */
export function defaultOf({ default: text }: SchemaColumn): string | null {
  return text === null || /^NULL(?:::.*)?$/u.test(text) ? null : text;
}

/** Whether a default is a constant or the time: it needs no right and cannot fail. */
export function isPlainDefault(text: string): boolean {
  const bare = withoutCasts(text);
  const constant = bare.replaceAll(/^\(?'(?:[^']|'')*'\)?$/gu, "0");
  return PLAIN_DEFAULT.some((pattern) => pattern.test(constant));
}

/** Whether evaluating it over any values of these columns cannot raise an error. */
export function cannotFail(text: string, columns: readonly string[]): boolean {
  const known = new Set(columns);
  const bare = withoutCasts(withoutLiterals(text), /::(?:text|character varying)(?!\()/gu);
  return tokensOf(bare).every(
    (token) => HARMLESS.has(token) || known.has(nameIn(token)) || /^\d/u.test(token),
  );
}

/** Whether a CHECK lets a row pass in which all of these columns are null, since each comparison in it is null then. */
export function passesOnNull(definition: string, columns: readonly string[]): boolean {
  const known = new Set(columns);
  const tokens = tokensOf(conditionOf(definition));
  const isKnown = tokens.every(
    (token) =>
      COMPARISONS.has(token) ||
      AROUND.has(token) ||
      STRICT.has(token) ||
      known.has(nameIn(token)) ||
      /^\d/u.test(token),
  );
  const comparisons = tokens.flatMap((token, index) => (COMPARISONS.has(token) ? [index] : []));
  return (
    isKnown && comparisons.length > 0 && comparisons.every((at) => known.has(leftOf(tokens, at)))
  );
}

/** Whether a CHECK that lists the values of one column lists this default among them. */
export function listsDefault(definition: string, column: string, text: string): boolean {
  const tokens = tokensOf(conditionOf(definition));
  const comparisons = tokens.flatMap((token, index) => (COMPARISONS.has(token) ? [index] : []));
  const [at = -1] = comparisons;
  const isList = comparisons.length === 1 && tokens[at] === "=" && tokens[at + 1] === "ANY";
  const allowed = new Set([column, "(", ")", "[", "]", ",", "=", "ANY", "ARRAY", "0"]);
  const hasNothingElse = tokens.every((token) => allowed.has(nameIn(token)));
  const [literal] = text.match(LITERAL) ?? [];
  const listed: readonly string[] = definition.match(LITERAL) ?? [];
  return isList && hasNothingElse && literal !== undefined && listed.includes(literal);
}

function conditionOf(definition: string): string {
  return withoutCasts(withoutLiterals(definition.replace(/^CHECK /u, "")));
}

/** What a comparison begins with: the word before it, brackets left out. */
function leftOf(tokens: readonly string[], at: number): string {
  const before = tokens.slice(0, at).findLast((token) => token !== ")");
  return nameIn(before ?? "");
}

function withoutLiterals(text: string): string {
  return text.replaceAll(LITERAL, "0");
}

function withoutCasts(text: string, casts: RegExp = CAST): string {
  return text.replaceAll(casts, "");
}

function tokensOf(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

function nameIn(token: string): string {
  return token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
}
