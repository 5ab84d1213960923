import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import type { Document, Node, Pair, YAMLMap } from "yaml";
import { messageOf } from "../model/failure.ts";
import type { KeyPath } from "./problem.ts";

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A fault of the YAML itself. */
export interface SyntaxProblem extends Position {
  readonly message: string;
  /** The rest of the document can still be read. */
  readonly readable: boolean;
}

/** A YAML document as plain values that still knows where each of them stands. */
export interface YamlDocument {
  readonly value: unknown;
  readonly problems: readonly SyntaxProblem[];
  /** Where a path stands; for one that is not there, where its nearest parent does. */
  positionOf(path: KeyPath, atKey: boolean): Position;
}

/** Aliases may multiply a document; a configuration needs few. */
const MAX_ALIASES = 50;

/** Reads one YAML 1.2 document; duplicate keys, unknown tags and further documents are problems. */
export function parseYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  // Pretty errors quote the source, which may hold a secret, and so do warnings, which go to stderr.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: "error",
  });
  const problems: SyntaxProblem[] = [...document.errors, ...document.warnings].map((error) => ({
    ...placeOf(lines, error.pos[0]),
    message: error.code === "DUPLICATE_KEY" ? "this key only once" : plainMessage(error.message),
    readable: error.code === "DUPLICATE_KEY",
  }));
  // What is broken, or has keys that are no words, may take minutes to become plain values.
  const odd = problems.some((problem) => !problem.readable) ? undefined : oddKeyOf(document, lines);
  if (odd !== undefined) {
    problems.push(odd);
  }
  const plain = problems.some((problem) => !problem.readable)
    ? { value: undefined }
    : toPlain(document);
  return {
    value: plain.value,
    problems: plain.problem === undefined ? problems : [...problems, plain.problem],
    positionOf(path, atKey) {
      return placeOf(lines, offsetOf(document, path, atKey));
    },
  };
}

/** A key that is a mapping or a list: YAML has such, a configuration does not. */
function oddKeyOf(document: Document.Parsed, lines: LineCounter): SyntaxProblem | undefined {
  let odd: unknown;
  visit(document, {
    Pair: (_place, { key }) => {
      if (!isCollection(key)) {
        return undefined;
      }
      odd = key;
      return visit.BREAK;
    },
  });
  return odd === undefined
    ? undefined
    : { ...placeOf(lines, startOf(odd)), message: "a key must be a word", readable: false };
}

function toPlain(document: Document.Parsed): { value: unknown; problem?: SyntaxProblem } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    const problem = {
      line: 1,
      column: 1,
      message: plainMessage(messageOf(error)),
      readable: false,
    };
    return { value: undefined, problem };
  }
}

/** yaml's messages may end in the offending source after a colon; only the rule that was broken is kept. */
function plainMessage(message: string): string {
  return message.split(": ")[0] ?? message;
}

function placeOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function offsetOf(document: Document.Parsed, path: KeyPath, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const part of path) {
    const next = child(document, node, part);
    if (next === undefined) {
      return offset;
    }
    offset = next.offset;
    node = next.node;
  }
  return !atKey && isScalar(node) && node.range ? node.range[0] : offset;
}

function child(
  document: Document.Parsed,
  parent: unknown,
  part: string | number,
): { readonly node: unknown; readonly offset: number } | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isMap(node)) {
    const pair = pairOf(node, String(part));
    return pair === undefined ? undefined : { node: pair.value, offset: startOf(pair.key) };
  }
  if (isSeq(node) && typeof part === "number") {
    const item = node.items[part];
    return item === undefined ? undefined : { node: item, offset: startOf(item) };
  }
  return undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function startOf(node: unknown): number {
  return hasRange(node) ? node.range[0] : 0;
}

function hasRange(node: unknown): node is Node & { range: [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}
