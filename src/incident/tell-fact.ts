import type { Fact, FactKind } from "../model/facts.ts";

type FactMap = { readonly [K in FactKind]: Extract<Fact, { kind: K }> };
type FactOf<K extends FactKind> = { [P in K]: { readonly kind: P } & FactMap[P] }[K];

/** What is told of facts, by their kind; of the kinds that are absent nothing is. */
export type FactTexts<Result> = {
  readonly [K in FactKind]?: (fact: FactOf<K>) => Result | undefined;
};

/** What such a table tells of a fact; undefined: nothing. */
export function tellFact<Result, K extends FactKind>(
  fact: FactOf<K>,
  texts: FactTexts<Result>,
): Result | undefined {
  return texts[fact.kind]?.(fact);
}
