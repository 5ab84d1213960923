import type { Difference } from "../model/difference.ts";

/** Values by the names that they are told by. */
export type Values = ReadonlyMap<string, string>;

/** What is said of a value that differs; undefined stands for one that is not there. */
type Tell = (name: string, before: string | undefined, after: string | undefined) => string;

/** What differs between values of the same names, by name. */
export function compareValues(
  kind: Difference["kind"],
  before: Values,
  after: Values,
  tell: Tell,
): readonly Difference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name): readonly Difference[] => {
    const [then, now] = [before.get(name), after.get(name)];
    return then === now
      ? []
      : [{ kind, name, change: changeOf(then, now), detail: tell(name, then, now) }];
  });
}

/** Which of the two is there. */
export function changeOf(
  before: string | undefined,
  after: string | undefined,
): Difference["change"] {
  if (before === undefined) {
    return "added";
  }
  return after === undefined ? "removed" : "changed";
}

/** `5 -> 20`; of one that came or went its only value. */
export function tellValues(before: string | undefined, after: string | undefined): string {
  return [before, after].filter((value) => value !== undefined).join(" -> ");
}
