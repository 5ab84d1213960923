import type { NameQuestion, NameRecords, Resolver } from "../../../src/system/resolver.ts";

/** A Resolver that knows what it was told; remembers what was asked. */
export interface FakeResolver extends Resolver {
  readonly asked: readonly NameQuestion[];
  set(name: string, type: NameQuestion["type"], records: NameRecords): void;
}

/** A Resolver that knows no name yet. */
export function fakeResolver(): FakeResolver {
  const asked: NameQuestion[] = [];
  const known = new Map<string, NameRecords>();
  return {
    asked,
    set: (name, type, records) => {
      known.set(`${name} ${type}`, records);
    },
    resolve: async (question, signal) => {
      signal.throwIfAborted();
      asked.push(question);
      const { name, type } = question;
      const detail = `queryA ENOTFOUND ${name}`;
      return known.get(`${name} ${type}`) ?? { kind: "no-such-name", detail };
    },
  };
}
