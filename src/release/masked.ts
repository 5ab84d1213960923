const MASK = "***";
/** Names whose values nobody else is to see, however harmless they look. */
const SECRET_NAME =
  /pass|secret|token|key|credential|auth|cookie|session|salt|pin|private|dsn|cert/iu;
/** Numbers with or without a unit, switches, and words that a setting chooses from. */
const HARMLESS =
  /^(?:-?\d{1,6}(?:\.\d{1,3})? ?(?:ms|s|m|h|d|%|[kKMGT]i?B?)?|true|false|yes|no|on|off|null|none|debug|info|warn|error|production|staging|development|test)$/u;

/** A value of configuration as it may be shown: itself where it can be no secret, else `***`. */
export function masked(name: string, value: string): string {
  const plain = value
    .trim()
    .replace(/[,;]$/u, "")
    .replace(/^(["'`])(.*)\1$/u, "$2");
  return !SECRET_NAME.test(name) && HARMLESS.test(plain) ? plain : MASK;
}
