const LONGEST = 160;
/** A shorter text is no secret, and redacting it would blot out half of what is told. */
const SHORTEST_SECRET = 4;
const REDACTED = "[redacted]";
const COLOURS = /\p{Cc}\[[0-9;]*[A-Za-z]/gu;
/** Line breaks, control characters, and those that nobody sees or that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
const URL_CREDENTIALS = /:\/\/[^\s/@]*@/gu;
const BEARER = /\b(bearer|basic)\s+\S+/giu;
const NAMED =
  /((?:password|passwd|passphrase|secret|token|credential|authorization|cookie|api[-_]?key)s?["']?\s*[=:]\s*)\S+/giu;

/**
 * What somebody else's program said, fit for a journal and for people: one line of at most 160 characters without control
 * characters and without secrets: those that are given, and what looks like one (`token=…`, `Bearer …`, credentials in an
 * address).
 */
export function tellForeign(text: string, secrets: readonly string[]): string {
  let safe = text.replaceAll(COLOURS, "").replaceAll(UNPRINTABLE, " ");
  for (const secret of secrets) {
    safe = secret.length < SHORTEST_SECRET ? safe : safe.replaceAll(secret, REDACTED);
  }
  const told = safe
    .replaceAll(URL_CREDENTIALS, `://${REDACTED}@`)
    .replaceAll(BEARER, `$1 ${REDACTED}`)
    .replaceAll(NAMED, `$1${REDACTED}`)
    .replaceAll(/\s+/gu, " ")
    .trim();
  return told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told;
}

/** The last line of a text that is not empty; empty when there is none. */
export function lastLineOf(text: string): string {
  return (
    text
      .trimEnd()
      .split(/\r\n|[\n\r]/u)
      .at(-1)
      ?.trim() ?? ""
  );
}
