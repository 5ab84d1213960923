/**
 * Names that were made to be more than names: each must be refused with a clear error, or carried through to the letter; none may
 * be executed, and none may lead out of its folder.
 */
export const HOSTILE: readonly string[] = [
  // To a shell.
  "$(touch pwned)",
  "`touch pwned`",
  "x;touch pwned",
  "x|touch pwned",
  "x&&touch pwned",
  "x>pwned",
  "$IFS$9touch$IFS$9pwned",
  "${PATH}",
  "~/pwned",
  "*",
  // To a program's options.
  "-rf",
  "--output=pwned",
  "--upload-pack=touch pwned",
  "--",
  "@file",
  // To what splits lines, records and arguments.
  "a\nb",
  "a\r\nb",
  "a\tb",
  "a b",
  "a\0b",
  "\u001B[2J",
  // To SQL and to what is quoted.
  `a"b`,
  `a'b`,
  `a\\b`,
  `a"; drop table readings; --`,
  `a'); drop table readings; --`,
  "a$$b",
  "%s%n%x",
  // To paths.
  "..",
  "../pwned",
  "a/../../pwned",
  "/tmp/pwned",
  "//tmp/pwned",
  "./.git/hooks/pre-commit",
  ".git/config",
  "a%00b",
  "%2e%2e%2fpwned",
  "C:\\pwned",
  // To eyes: another script's letters, turned around, of no width, a name that is taken.
  "\u0430pi",
  "api\u202Eipa",
  "api\u200B",
  "e\u0301",
  "HEAD",
  "all",
  "__proto__",
  "constructor",
  // To limits.
  "a".repeat(64),
  "ä".repeat(32),
  "a".repeat(300),
  "a".repeat(5000),
  "",
];
