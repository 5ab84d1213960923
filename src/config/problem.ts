import { Failure } from "../model/failure.ts";

/** Where in the configuration: keys and list positions from the top. */
export type KeyPath = readonly (string | number)[];

/** Something wrong with the configuration, before its place in the file is known. No field ever holds a secret. */
export interface Finding {
  readonly path: KeyPath;
  readonly expected: string;
  readonly found: string;
  readonly hint: string;
  /** The key itself is at fault, not its value. */
  readonly atKey?: boolean;
}

/** Something wrong with the configuration, for people and programs. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly hint: string;
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigInvalid extends Failure {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super("config-invalid", `${count} in ${file}`, {
      hint: "nothing was started; mend the file and try `rollwatch config validate`",
    });
    this.name = "ConfigInvalid";
    this.problems = problems;
  }
}

/** A problem as one line: place, key, what was expected and found, what to do. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const key = problem.path === "" ? "" : `  ${problem.path}`;
  return `${place}${key}  expected ${problem.expected}, found ${problem.found}  -> ${problem.hint}`;
}

/** A path as people write it: `signals[0].probe.url`. */
export function formatPath(path: KeyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") {
      text += `[${part}]`;
    } else {
      text += text === "" ? part : `.${part}`;
    }
  }
  return text;
}
