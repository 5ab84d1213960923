import type { HostNames, NameAnswer } from "../../../src/system/host-names.ts";

/** Names in memory; every one of them is found until the test says something else of it. */
export interface FakeHostNames extends HostNames {
  set(name: string, answer: NameAnswer): void;
}

export function fakeHostNames(): FakeHostNames {
  const answers = new Map<string, NameAnswer>();
  return {
    set: (name, answer) => {
      answers.set(name, answer);
    },
    find: async (name, signal) => {
      signal.throwIfAborted();
      return answers.get(name) ?? { kind: "found" };
    },
  };
}
