/** Texts that YAML takes for something else. */
const WORDS = /^(?:true|false|null|yes|no|on|off|~|)$/iu;
const PLAIN = /^[A-Za-z0-9/_.][A-Za-z0-9/_.:@+?=&-]*$/u;
const LIKE_NUMBER = /^[\d.+-][\d.eExXo_:+-]*$/u;

/** What the configuration would replace, unless a dollar stands before it. */
const REFERENCE = /\$\{[^}]*\}/gu;

/** A text as a YAML value that is read back as exactly this text, references and all. */
export function yamlText(text: string): string {
  const literal = text.replaceAll(REFERENCE, (reference) => `$${reference}`);
  const isPlain =
    PLAIN.test(literal) &&
    !WORDS.test(literal) &&
    !LIKE_NUMBER.test(literal) &&
    !literal.endsWith(":") &&
    !literal.includes(": ");
  return isPlain ? literal : JSON.stringify(literal);
}

/** A remark of one line: what was read of an application may be anything. */
export function remark(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return line.length > LONGEST_REMARK ? `${line.slice(0, LONGEST_REMARK - 1)}…` : line;
}

const LONGEST_REMARK = 140;
