import { z } from "zod";
import type { Answer } from "../system/http.ts";
import { tellRedirect } from "./exchange.ts";

type Answered = Extract<Answer, { kind: "answered" }>;

/** What stands for health in the field of an answer. */
type Scalar = string | number | boolean | null;

/** Fields of a JSON body (dots between levels) and the value that each has. */
export const ExpectedFields = z.record(
  z.string().min(1),
  z.union([z.string(), z.number(), z.boolean(), z.null()], {
    error: "expected a text, a number, true, false or null",
  }),
);

/** What an answer must be to count as healthy. */
export interface Expectations {
  readonly expectStatus: readonly number[];
  /** A text that the body must contain. */
  readonly expectBody?: string | undefined;
  /** Fields of the JSON body, dots between levels, and the value that each must have. */
  readonly expectJson?: Readonly<Record<string, Scalar>> | undefined;
}

/** Longest quotation of what the target said. */
const LONGEST_QUOTE = 80;

/** What is wrong with an answer, in words; undefined when it is as expected. */
export function faultOf(answer: Answered, expected: Expectations): string | undefined {
  const { status, headers, body } = answer;
  const { expectStatus, expectBody, expectJson } = expected;
  if (!expectStatus.includes(status)) {
    return status >= 300 && status < 400
      ? tellRedirect(status, headers)
      : `it answered ${status}, expected ${expectStatus.join(" or ")}`;
  }
  if (expectBody !== undefined && !body.includes(expectBody)) {
    return `its answer does not contain ${quote(expectBody)}`;
  }
  return expectJson === undefined ? undefined : faultOfJson(body, expectJson);
}

function faultOfJson(body: string, expected: Readonly<Record<string, Scalar>>): string | undefined {
  const value = parseJson(body);
  if (value === undefined) {
    return NO_JSON;
  }
  for (const [path, wanted] of Object.entries(expected)) {
    const found = fieldAt(value, path);
    if (found !== wanted) {
      return `its field ${path} is ${quote(found)}, expected ${quote(wanted)}`;
    }
  }
  return undefined;
}

/** What is wrong with an answer that cannot be parsed. */
export const NO_JSON = "its answer is no JSON";

/** The value that a text is the JSON of; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands at a dotted path; undefined where the path leads nowhere. */
export function fieldAt(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split(".")) {
    if (typeof current !== "object" || current === null) {
      return undefined;
    }
    current = Object.getOwnPropertyDescriptor(current, key)?.value;
  }
  return current;
}

/** A value of an answer in words, at most 80 characters of it. */
export function quote(value: unknown): string {
  if (value === undefined) {
    return "not there";
  }
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value) ? "a list" : "a group of fields";
  }
  const text = JSON.stringify(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}
