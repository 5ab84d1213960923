import type { SchemaCatalogue } from "../../model/schema-catalogue.ts";
import type { SchemaDifference } from "../../model/schema-difference.ts";

/** The schema that the older release ran on, and the newer one that it would have to run on. */
export interface Both {
  readonly before: SchemaCatalogue;
  readonly after: SchemaCatalogue;
}

/** Two lists, put side by side. */
export interface Paired<T> {
  readonly removed: readonly T[];
  readonly added: readonly T[];
  readonly kept: readonly { readonly before: T; readonly after: T }[];
}

/** Puts what has the same key side by side. */
export function pair<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
): Paired<T> {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const fresh = new Map(after.map((one) => [keyOf(one), one]));
  return {
    removed: before.filter((one) => !fresh.has(keyOf(one))),
    added: after.filter((one) => !old.has(keyOf(one))),
    kept: before.flatMap((one) => {
      const other = fresh.get(keyOf(one));
      return other === undefined ? [] : [{ before: one, after: other }];
    }),
  };
}

/** What a difference is about. */
export type About = Pick<SchemaDifference, "kind" | "name" | "change">;

/** The older release runs all the same. */
export function additive(about: About, reason: string): SchemaDifference {
  return { ...about, verdict: "additive", reason };
}

/** The older release does not run, or nobody can know that it does. */
export function breaking(about: About, reason: string): SchemaDifference {
  return { ...about, verdict: "breaking", reason };
}

/** The last part of `schema.name`, without quotes. */
export function bareNameOf(name: string): string {
  const [last = name] = /(?:"(?:[^"]|"")*"|[^".]+)$/u.exec(name) ?? [];
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last;
}
