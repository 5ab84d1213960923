import { isScalar, type Node, parseDocument, visit } from "yaml";

/** One value of a configuration file that was replaced. */
export interface Difference {
  /** Line in the file, from 1. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

/** What to replace in a configuration file. */
export interface Edits {
  /** New values by the path of their key, such as `release.bake`; each must be in the file. */
  readonly values: Readonly<Record<string, string>>;
  /** Replaced wherever a value begins with it, such as the address of the API. */
  readonly prefixes: Readonly<Record<string, string>>;
}

interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

/** A YAML text with some values replaced in place, so that every other character stays, and the lines that differ. */
export function editConfiguration(
  text: string,
  edits: Edits,
): { readonly text: string; readonly differences: readonly Difference[] } {
  const document = parseDocument(text);
  const replacements = [
    ...Object.entries(edits.values).map(([key, value]) => {
      const node: unknown = document.getIn(key.split("."), true);
      if (!isScalar(node)) {
        throw new Error(`the configuration has no value at ${key}`);
      }
      return replacement(node, value);
    }),
    ...byPrefix(document.contents, edits.prefixes),
  ];
  let edited = text;
  for (const { from, to, value } of replacements.toSorted((a, b) => b.from - a.from)) {
    edited = edited.slice(0, from) + value + edited.slice(to);
  }
  return { text: edited, differences: compare(text, edited) };
}

function byPrefix(root: Node | null, prefixes: Edits["prefixes"]): readonly Replacement[] {
  const found: Replacement[] = [];
  visit(root, {
    Scalar(key, node) {
      const { value } = node;
      for (const [before, after] of Object.entries(prefixes)) {
        if (key !== "key" && typeof value === "string" && value.startsWith(before)) {
          found.push(replacement(node, after + value.slice(before.length)));
        }
      }
    },
  });
  return found;
}

function replacement(node: Node, value: string): Replacement {
  const [from, to] = node.range ?? [];
  if (from === undefined || to === undefined) {
    throw new Error("the configuration's parser tells no positions");
  }
  return { from, to, value };
}

/** Values are replaced within their lines, so the lines correspond. */
function compare(before: string, after: string): readonly Difference[] {
  const lines = after.split("\n");
  return before.split("\n").flatMap((line, index) => {
    const changed = lines[index] ?? "";
    return changed === line
      ? []
      : [{ line: index + 1, before: line.trim(), after: changed.trim() }];
  });
}
