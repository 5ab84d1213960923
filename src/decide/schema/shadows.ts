import { bareNameOf, type Both } from "./pair.ts";

/** Why a new table, type or sequence could be found in place of one that the older release means; undefined where it cannot. */
export function whyShadowing(name: string, { before }: Both): string | undefined {
  const bare = bareNameOf(name);
  const known = [...before.relations, ...before.types, ...before.sequences];
  const other = known.find((one) => one.name !== name && bareNameOf(one.name) === bare);
  return other === undefined
    ? undefined
    : `${other.name} has the same name in another schema: which one is found goes by search_path`;
}
