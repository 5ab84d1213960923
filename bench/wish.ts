import { parseArgs } from "node:util";
import { assertNever } from "../src/model/assert-never.ts";
import type { Choice } from "./recovery-cases.ts";

/** What a person wants measured. */
export type Wish =
  | { readonly kind: "list"; readonly of: "recovery" | "detection" }
  | { readonly kind: "recovery"; readonly rounds: number; readonly choice: Choice }
  | { readonly kind: "footprint"; readonly rounds: number }
  | { readonly kind: "detection"; readonly rounds: number; readonly names: readonly string[] };

export const USAGE = `npm run bench -- recovery [options]
npm run bench -- detection [options]
npm run bench -- footprint [--rounds N]

  --rounds N    how often each is measured (default: recovery 1, detection 5, footprint 5)
  --case NAME   this case of recovery or detection alone; may be given several times (default: of recovery one of each trigger,
                of detection every one, and then noise)
  --all         every case of recovery
  --list        the cases of recovery or detection
`;

const OPTIONS = {
  rounds: { type: "string" },
  case: { type: "string", multiple: true },
  all: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
} as const;
const ROUNDS = { recovery: "1", detection: "5", footprint: "5" } as const;

/** Reads the command line; undefined when it makes no sense. */
export function parseWish(args: readonly string[]): Wish | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const { case: names = [], all, list } = values;
  const [subject, ...more] = positionals;
  if (!isSubject(subject) || more.length > 0) {
    return undefined;
  }
  const rounds = Number(values.rounds ?? ROUNDS[subject]);
  const asked = [list, all, names.length > 0].filter(Boolean).length;
  if (!Number.isInteger(rounds) || rounds < 1 || asked > 1) {
    return undefined;
  }
  return wishOf(subject, { rounds, names, all, list });
}

type Subject = keyof typeof ROUNDS;

function isSubject(word: string | undefined): word is Subject {
  return word !== undefined && Object.hasOwn(ROUNDS, word);
}

function wishOf(
  kind: Subject,
  { rounds, names, all, list }: Choice & { readonly rounds: number; readonly list: boolean },
): Wish | undefined {
  switch (kind) {
    case "footprint":
      return list || all || names.length > 0 ? undefined : { kind, rounds };
    case "detection":
      return all ? undefined : list ? { kind: "list", of: kind } : { kind, rounds, names };
    case "recovery":
      return list ? { kind: "list", of: kind } : { kind, rounds, choice: { names, all } };
    default:
      return assertNever(kind);
  }
}
