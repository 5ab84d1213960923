import { parseArgs } from "node:util";
import type { DatabaseWish } from "./database/measure.ts";
import type { HistoriesWish } from "./histories/measure.ts";
import type { Choice } from "./recovery-cases.ts";

/** What a person wants measured. */
export type Wish =
  | { readonly kind: "list"; readonly of: "recovery" | "detection" }
  | { readonly kind: "recovery"; readonly rounds: number; readonly choice: Choice }
  | { readonly kind: "footprint"; readonly rounds: number }
  | { readonly kind: "instrument"; readonly rounds: number }
  | { readonly kind: "journal"; readonly rounds: number }
  | { readonly kind: "delivery"; readonly rounds: number }
  | ({ readonly kind: "histories" } & HistoriesWish)
  | ({ readonly kind: "database" } & DatabaseWish)
  | { readonly kind: "detection"; readonly rounds: number; readonly names: readonly string[] };

export const USAGE = `npm run bench -- recovery [options]
npm run bench -- detection [options]
npm run bench -- footprint [--rounds N]
npm run bench -- instrument [--rounds N]
npm run bench -- journal [--rounds N]
npm run bench -- delivery [--rounds N]
npm run bench -- database [--size 200MB,1GB,4GB] [--rounds N] [--slow-rounds N,N,N]
npm run bench -- histories [--days N] [--faults N] [--seed N]

  --rounds N    how often each is measured (default: recovery 1, detection 5, footprint 5, instrument 10, journal 3, delivery 3, database 5)
  --size SIZES  of database: sizes, with commas (default 200MB)
  --slow-rounds N,N  of database: how often what takes as long as the data is large, for each size, 0 for not at all (default: as --rounds)
  --days N      of histories: healthy host-days (default 3000)
  --faults N    of histories: runs of each fault, with a deployment and without (default 100)
  --seed N      of histories: other numbers, other accidents (default 1)
  --case NAME   this case of recovery or detection alone; may be given several times (default: of recovery one of each trigger,
                of detection every one, and then noise)
  --all         every case of recovery
  --list        the cases of recovery or detection
`;

const OPTIONS = {
  rounds: { type: "string" },
  days: { type: "string" },
  case: { type: "string", multiple: true },
  all: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  faults: { type: "string", default: "100" },
  seed: { type: "string", default: "1" },
  size: { type: "string", default: "200MB" },
  "slow-rounds": { type: "string" },
} as const;
const ROUNDS = {
  recovery: "1",
  detection: "5",
  footprint: "5",
  instrument: "10",
  journal: "3",
  delivery: "3",
  histories: "3000",
  database: "5",
} as const;

/** Reads the command line; undefined when it makes no sense. */
export function parseWish(args: readonly string[]): Wish | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const { case: names = [], all, list } = values;
  const [faults, seed] = [Number(values.faults), Number(values.seed)];
  const [subject, ...more] = positionals;
  if (!isSubject(subject) || more.length > 0) {
    return undefined;
  }
  const rounds = Number(values.rounds ?? values.days ?? ROUNDS[subject]);
  if (subject === "database") {
    return databaseWish(values.size, rounds, values["slow-rounds"] ?? `${rounds}`);
  }
  const asked = [list, all, names.length > 0].filter(Boolean).length;
  if (![rounds, faults, seed].every(isCount) || asked > 1) {
    return undefined;
  }
  return wishOf(subject, { rounds, names, all, list, faults, seed });
}

const SIZE = /^(\d+)(MB|GB)$/u;

/** Slow rounds are a number for each size, or one for all. */
function databaseWish(text: string, rounds: number, slow: string): Wish | undefined {
  const slowRounds = slow.split(",").map(Number);
  const names = text.split(",");
  const sizes = names.flatMap((name, place) => {
    const [, amount, unit] = SIZE.exec(name) ?? [];
    const bytes = Number(amount) * (unit === "GB" ? 1e9 : 1e6);
    const [first = rounds] = slowRounds;
    return amount === undefined ? [] : [{ name, bytes, slowRounds: slowRounds[place] ?? first }];
  });
  const isRight =
    sizes.length === names.length && [rounds, ...slowRounds.map((one) => one + 1)].every(isCount);
  return isRight ? { kind: "database", sizes, rounds } : undefined;
}

function isCount(number: number): boolean {
  return Number.isInteger(number) && number > 0;
}

type Subject = keyof typeof ROUNDS;
type OtherSubject = Exclude<Subject, "database">;

function isSubject(word: string | undefined): word is Subject {
  return word !== undefined && Object.hasOwn(ROUNDS, word);
}

function wishOf(
  kind: OtherSubject,
  { rounds, names, all, list, faults, seed }: Choice & HistoriesWish & { readonly list: boolean },
): Wish | undefined {
  if (kind === "detection") {
    return all ? undefined : list ? { kind: "list", of: kind } : { kind, rounds, names };
  }
  if (kind === "recovery") {
    return list ? { kind: "list", of: kind } : { kind, rounds, choice: { names, all } };
  }
  const isPlain = !list && !all && names.length === 0;
  return isPlain ? plainWish(kind, { rounds, faults, seed }) : undefined;
}

function plainWish(
  kind: Exclude<OtherSubject, "recovery" | "detection">,
  how: HistoriesWish,
): Wish {
  return kind === "histories" ? { kind, ...how } : { kind, rounds: how.rounds };
}
