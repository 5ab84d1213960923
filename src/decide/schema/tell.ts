import type { SchemaComparison } from "../../model/schema-difference.ts";

/** So many are named; a sentence must stay one. */
const NAMED = 5;

/** The differences that decide, in words: what breaks, or where nothing does, what was added. */
export function tellDifferences({ verdict, differences }: SchemaComparison): string {
  return tellSome(differences.filter((one) => one.verdict === verdict));
}

/** Every difference, the worst first. */
export function tellEvery({ differences }: SchemaComparison): string {
  return tellSome(differences);
}

function tellSome(telling: SchemaComparison["differences"]): string {
  const named = telling
    .slice(0, NAMED)
    .map(({ kind, name, change, reason }) => `${kind} ${name} ${change} (${reason})`);
  const more = telling.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
