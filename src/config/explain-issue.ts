import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { formatPath } from "./problem.ts";
import type { Finding, KeyPath } from "./problem.ts";
import { isDuration, keysAt, shapesAt } from "./schema-tree.ts";
import type { SchemaNode } from "./schema-tree.ts";
import { isSecretPath, maskCredentials } from "./secrets.ts";

type Issue = z.core.$ZodIssue;

const LONGEST_QUOTE = 80;
const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a group of keys",
};

/** One of zod's issues in the operator's words; several for several unknown keys. `raw` is the file before references. */
export function explainIssue(issue: Issue, raw: unknown, tree: SchemaNode): readonly Finding[] {
  const path = keyPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(path, key, keysAt(tree, path)));
  }
  const value = valueAt(raw, path);
  const shapes = shapesAt(tree, path);
  const expected = expectation(issue, shapes);
  const base = { path, expected, found: tell(value, path) };
  if (value === undefined) {
    return [{ ...base, hint: missingHint(path) }];
  }
  if (typeof value === "number" && shapes.some(isDuration)) {
    return [{ ...base, hint: `a bare number has no unit: write ${value}s or ${value}ms` }];
  }
  return [{ ...base, hint: cure(issue, value) }];
}

/** A value of the file as it may be shown: secrets hidden, long texts cut. */
function tell(value: unknown, path: KeyPath): string {
  if (value === undefined || value === null) {
    return "nothing";
  }
  if (typeof value === "string" && /^\$\{\w+\}$/u.test(value)) {
    return `what ${value} holds`;
  }
  if (isSecretPath(path)) {
    return "a value that is not shown";
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  }
  if (typeof value === "object") {
    return "a group of keys";
  }
  const text = maskCredentials(JSON.stringify(value));
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
}

function unknownKey(path: KeyPath, key: string, known: readonly string[]): Finding {
  const meant = nearest(key, known);
  return {
    path: [...path, key],
    atKey: true,
    expected: "a known key",
    found: `"${key}"`,
    hint: meant === undefined ? `known here: ${known.join(", ")}` : `did you mean "${meant}"?`,
  };
}

function expectation(issue: Issue, shapes: readonly SchemaNode[]): string {
  if (issue.code === "invalid_type") {
    return describeShapes(shapes) ?? TYPE_WORDS[issue.expected] ?? issue.expected;
  }
  const options = optionsOf(issue);
  if (options.length > 0) {
    return `one of ${options.join(", ")}`;
  }
  if (issue.code === "too_small") {
    return `at least ${issue.minimum} ${countWord(issue.origin, issue.minimum)}`.trim();
  }
  if (issue.code === "too_big") {
    return `at most ${issue.maximum} ${countWord(issue.origin, issue.maximum)}`.trim();
  }
  return issue.code === "invalid_key"
    ? "a name of lower-case letters, digits and hyphens"
    : plainMessage(issue);
}

function plainMessage(issue: Issue): string {
  if (issue.message.startsWith("expected ")) {
    return issue.message.slice("expected ".length);
  }
  return issue.code === "invalid_format" && issue.format === "url"
    ? "an address such as http://127.0.0.1:3000/api/health"
    : issue.message;
}

function describeShapes(shapes: readonly SchemaNode[]): string | undefined {
  const [shape] = shapes;
  if (shape === undefined) {
    return undefined;
  }
  if (isDuration(shape)) {
    return "a duration such as 500ms, 5s, 15m, 2h or 7d";
  }
  if (shape.enum !== undefined) {
    return `one of ${shape.enum.map(String).join(", ")}`;
  }
  return TYPE_WORDS[shape.type ?? ""];
}

function countWord(origin: string, count: number | bigint): string {
  if (origin === "array") {
    return Number(count) === 1 ? "entry" : "entries";
  }
  return origin === "string" ? "characters" : "";
}

function optionsOf(issue: Issue): readonly string[] {
  if (issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options)) {
    return issue.options.map(String);
  }
  return issue.code === "invalid_value" ? issue.values.map(String) : [];
}

function cure(issue: Issue, value: unknown): string {
  const meant = typeof value === "string" ? nearest(value, optionsOf(issue)) : undefined;
  if (meant !== undefined) {
    return `did you mean "${meant}"?`;
  }
  if (issue.code === "invalid_type" && typeof value === "string" && /\$\{/u.test(value)) {
    return "references give texts; write the value itself here";
  }
  return "docs/configuration.md shows every key with its unit and default";
}

function missingHint(path: KeyPath): string {
  const key = String(path.at(-1));
  const parent = formatPath(path.slice(0, -1));
  return parent === "" ? `add "${key}:" at the top level` : `add "${key}:" under ${parent}`;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null) {
      return undefined;
    }
    current = Object.getOwnPropertyDescriptor(current, part)?.value;
  }
  return current;
}

function keyPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((part) => (typeof part === "number" ? part : String(part)));
}
