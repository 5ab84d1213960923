/** Stable codes of the failures that rollwatch throws; documented in docs/failure-modes.md. */
export const FAILURE_CODES = [
  "config-invalid",
  "journal-corrupt",
  "journal-newer",
  "transition-impossible",
  "lock-held",
  "program-missing",
  "program-failed",
  "child-stuck",
  "pm2-unreachable",
  "database-unreachable",
  "service-unknown",
  "catalogue-empty",
  "release-unknown",
  "release-damaged",
  "git-refused",
  "path-refused",
  "state-exposed",
  "no-daemon",
  "refused",
  "not-permitted",
  "plan-unknown",
  "incident-unknown",
  "signal-unknown",
  "dump-failed",
  "delta-failed",
  "swap-failed",
  "migrations-failed",
  "recording-invalid",
  "internal",
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** A surprise that was thrown: what was wrong (`message`), a stable `code`, and what the operator can do (`hint`). */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly hint: string;

  constructor(code: FailureCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.code = code;
    this.hint = options.hint;
  }
}

/** The text of anything that can be caught, never empty. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) {
    return error.message || error.name;
  }
  return String(error);
}
