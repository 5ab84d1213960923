import { describe, expect, it } from "vitest";
import type { NameQuestion, Resolver } from "../../src/system/resolver.ts";

/** A Resolver that knows `app.test` (192.0.2.1 and 192.0.2.2, and no mail) and nothing else, and whom it asks. */
export interface ResolverUnderTest {
  readonly resolver: Resolver;
  readonly server?: string;
}

/** What every Resolver promises. */
export function resolverContract(name: string, prepare: () => Promise<ResolverUnderTest>): void {
  describe(`the contract of resolvers: ${name}`, () => {
    it("finds what a name stands for", async () => {
      const { resolver, ...more } = await prepare();

      const records = await resolver.resolve({ ...question("app.test", "A"), ...more }, live());

      expect(records).toEqual({ kind: "found", values: ["192.0.2.1", "192.0.2.2"] });
    });

    it("knows a name without such a record from a name that does not exist", async () => {
      const { resolver, ...more } = await prepare();

      const mail = await resolver.resolve({ ...question("app.test", "MX"), ...more }, live());
      const other = await resolver.resolve({ ...question("gone.test", "A"), ...more }, live());

      expect(mail).toMatchObject({ kind: "nothing" });
      expect(other).toMatchObject({ kind: "no-such-name" });
    });

    it("throws the reason of a signal that was aborted before", async () => {
      const { resolver } = await prepare();
      const reason = new Error("told to stop");

      const asking = resolver.resolve(question("app.test", "A"), AbortSignal.abort(reason));

      await expect(asking).rejects.toBe(reason);
    });
  });
}

function question(name: string, type: NameQuestion["type"]): NameQuestion {
  return { name, type, timeoutMs: 5000 };
}

function live(): AbortSignal {
  return new AbortController().signal;
}
