import { parseArgs } from "node:util";
import type { Choice } from "./recovery-cases.ts";

/** What a person wants measured. */
export type Wish =
  | { readonly kind: "list" }
  | { readonly kind: "recovery"; readonly rounds: number; readonly choice: Choice }
  | { readonly kind: "footprint"; readonly rounds: number };

export const USAGE = `npm run bench -- recovery [options]
npm run bench -- footprint [--rounds N]

  --rounds N    how often each is measured (default: recovery 1, footprint 5)
  --case NAME   this case of recovery alone; may be given several times (default: one of each trigger)
  --all         every case of recovery
  --list        the cases of recovery
`;

const OPTIONS = {
  rounds: { type: "string" },
  case: { type: "string", multiple: true },
  all: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
} as const;
const ROUNDS = { recovery: "1", footprint: "5" } as const;

/** Reads the command line; undefined when it makes no sense. */
export function parseWish(args: readonly string[]): Wish | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const { case: names = [], all, list } = values;
  const [subject, ...more] = positionals;
  if ((subject !== "recovery" && subject !== "footprint") || more.length > 0) {
    return undefined;
  }
  const rounds = Number(values.rounds ?? ROUNDS[subject]);
  if (!Number.isInteger(rounds) || rounds < 1) {
    return undefined;
  }
  const asked = [list, all, names.length > 0].filter(Boolean).length;
  return subject === "footprint"
    ? wishOfFootprint(rounds, asked)
    : wishOfRecovery({ rounds, names, all, list }, asked);
}

function wishOfFootprint(rounds: number, asked: number): Wish | undefined {
  return asked > 0 ? undefined : { kind: "footprint", rounds };
}

function wishOfRecovery(
  { rounds, names, all, list }: Choice & { readonly rounds: number; readonly list: boolean },
  asked: number,
): Wish | undefined {
  if (asked > 1) {
    return undefined;
  }
  return list ? { kind: "list" } : { kind: "recovery", rounds, choice: { names, all } };
}
