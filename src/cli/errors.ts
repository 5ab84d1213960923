import { ConfigInvalid, formatProblem } from "../config/problem.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { FailureCode } from "../model/failure.ts";
import { EXIT } from "./ports.ts";
import type { Paint } from "./style.ts";

/** A command that was called in a way it does not know; what was wrong, and what to type instead. */
export class UsageFailure extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = "UsageFailure";
    this.hint = hint;
  }
}

/** A failure as a program reads it, under the key `error`. */
interface ErrorReport {
  readonly code: FailureCode | "usage";
  readonly message: string;
  readonly hint: string;
  readonly problems?: ConfigInvalid["problems"];
}

/** What went wrong, for a program (`json`) or for a person. */
export function describeError(error: unknown, json: boolean, paint: Paint): string {
  const report = reportOf(error);
  if (json) {
    return `${JSON.stringify({ error: report }, null, 2)}\n`;
  }
  const lines = [
    ...(report.problems ?? []).map(formatProblem),
    `${paint("bad", "rollwatch:")} ${report.message}`,
    `  -> ${report.hint}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The exit code that a failure ends in. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageFailure) {
    return EXIT.usage;
  }
  const code = error instanceof Failure ? error.code : "internal";
  if (code === "config-invalid" || code === "state-exposed") {
    return EXIT.usage;
  }
  return code === "refused" || code === "not-permitted" ? EXIT.refused : EXIT.failed;
}

function reportOf(error: unknown): ErrorReport {
  if (error instanceof UsageFailure) {
    return { code: "usage", message: error.message, hint: error.hint };
  }
  if (error instanceof Failure) {
    const { code, message, hint } = error;
    return error instanceof ConfigInvalid
      ? { code, message, hint, problems: error.problems }
      : { code, message, hint };
  }
  const hint = "this is a fault of rollwatch itself; please report it with what you did";
  return { code: "internal", message: messageOf(error), hint };
}
